//! The one unsafe call of the house.
