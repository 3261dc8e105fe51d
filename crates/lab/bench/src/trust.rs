//! Numbers about trust: evaluating ten thousand operations, and what changes of membership cost in a web of a thousand.

mod evaluation;
mod history;
mod large;

pub(crate) use evaluation::{evaluation, of_shape};
pub(crate) use large::large;
