//! The child process: takes documents on its standard input, answers with their texts on its standard output.
//!
//! It limits itself before it reads the first byte. A document that breaks a parser ends the child and nothing else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::catch_unwind;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::formats::Format;
use super::{READ_SIZE_MAX, TEXT_SIZE_MAX, html, mail, office, rtf};

/// Bytes of memory a parser may use; 64 MiB of document and what is inflated from it.
const MEMORY_SIZE_MAX: u64 = 512 * 1024 * 1024;
/// Files that are open at most: what is there at the beginning.
const FILES_MAX: u64 = 8;

/// In an answer: what follows is text.
pub(super) const TEXT: u8 = 0;
/// In an answer: what follows is why there is none.
pub(super) const WHY: u8 = 1;

/// Reads documents until standard input ends; the whole program of a child process.
pub fn extractor_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    // Parsers may print; that must not come among the answers.
    let mut output = File::from(rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?);
    rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    limit()?;
    std::panic::set_hook(Box::new(|_| {}));
    let mut input = io::stdin().lock();
    while let Some((format, bytes)) = request(&mut input)? {
        let text = catch_unwind(|| read(format, &bytes)).unwrap_or_else(|_| Err("it is damaged".to_owned()));
        answer(&mut output, text)?;
    }
    Ok(())
}

fn limit() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    for (resource, most) in [
        (Resource::As, MEMORY_SIZE_MAX),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES_MAX),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Reads one document; `None` when there are no more.
fn request(input: &mut impl Read) -> io::Result<Option<(Format, Vec<u8>)>> {
    let mut head = [0; 5];
    match input.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [number, size @ ..] = head;
    let size = u64::from(u32::from_be_bytes(size));
    let format = Format::from_number(number).filter(|_| size <= READ_SIZE_MAX);
    let format = format.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let mut bytes = Vec::new();
    input.take(size).read_to_end(&mut bytes)?;
    Ok(Some((format, bytes)))
}

fn answer(output: &mut impl Write, text: Result<String, String>) -> io::Result<()> {
    let (kind, mut text) = match text {
        Ok(text) => (TEXT, text),
        Err(why) => (WHY, why),
    };
    text.truncate(text.floor_char_boundary(TEXT_SIZE_MAX));
    let size = u32::try_from(text.len()).map_err(io::Error::other)?;
    output.write_all(&[kind])?;
    output.write_all(&size.to_be_bytes())?;
    output.write_all(text.as_bytes())?;
    output.flush()
}

fn read(format: Format, bytes: &[u8]) -> Result<String, String> {
    match format {
        Format::Plain | Format::Html => Ok(html::text(bytes)),
        Format::Pdf => pdf_extract::extract_text_from_mem(bytes).map_err(|error| match error {
            pdf_extract::OutputError::PdfError(pdf_extract::Error::Decryption(_)) => {
                "it is protected by a password".to_owned()
            }
            _ => "it is damaged".to_owned(),
        }),
        Format::Office => office::text(bytes),
        Format::Rtf => Ok(rtf::text(bytes)),
        Format::Mail => Ok(mail::text(bytes)),
    }
}
