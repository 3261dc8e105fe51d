//! Counts lines, words and bytes: an ordinary Rust program. Althing gives it the input of the unit as standard input,
//! and what it prints is the output.

use std::io::Read;

fn main() -> std::io::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let is_space = |byte: &u8| matches!(*byte, b' ' | 9..=13);
    let lines = input.iter().filter(|byte| **byte == b'\n').count();
    let words = input.split(is_space).filter(|word| !word.is_empty()).count();
    println!("{lines} {words} {}", input.len());
    Ok(())
}
