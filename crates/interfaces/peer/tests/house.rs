//! Real peers in one process: real stores, real network on loopback, real folders.

#[cfg(test)]
mod it {
    mod cast;
    mod copies;
    mod dht;
    mod journey;
    mod mallory;
    mod relay;
    mod start;
}
