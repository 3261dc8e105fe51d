// Where a person was in each folder, for coming back.
export const places = new Map<string, { name: string; scrollTop: number }>()
