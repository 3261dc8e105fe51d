export function samplePeer() { return { name: 'sample' } }
