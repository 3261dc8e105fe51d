//! Real kernels with records and people, and the wires between them: Alice, Bob, Carol, and Mallory who lies.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod joins;
#[cfg(test)]
mod removals;
#[cfg(test)]
mod town;
