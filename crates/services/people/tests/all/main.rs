//! Real kernels with records and people, and the wires between them: Alice, Bob, Carol, and Mallory who lies.

mod bad_input;
mod joins;
mod removals;
mod town;
