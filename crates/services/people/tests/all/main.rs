//! Real kernels with records and people, and the wires between them: Alice, Bob, Carol, and Mallory who lies.

#![allow(clippy::string_slice, clippy::type_complexity, reason = "tests panic when they fail")]

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod dht;
#[cfg(test)]
mod joins;
#[cfg(test)]
mod large;
#[cfg(test)]
mod marks;
#[cfg(test)]
mod meetings;
#[cfg(test)]
mod names;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod relays;
#[cfg(test)]
mod removals;
#[cfg(test)]
mod restoring;
#[cfg(test)]
mod safety;
#[cfg(test)]
mod together;
#[cfg(test)]
mod town;
#[cfg(test)]
mod words;
