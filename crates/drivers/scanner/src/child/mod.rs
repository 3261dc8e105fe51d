//! The child process: takes rules and questions on its standard input, answers on its standard output.
//!
//! It limits itself before it reads the first byte. It opens nothing: bytes of contents come when it wants them. A content
//! that breaks a parser ends the child and nothing else.

mod compile;
mod engine;
mod inside;
mod look;
mod remote;
mod stream;
mod tally;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Stdin};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::rc::Rc;

use base::ContentId;
use guard::jobs::{Outcome, from_bytes, to_bytes};

use self::engine::Engine;
use self::look::Looker;
use self::remote::{Pipes, Remote};
use crate::frames::{self, COMPILE, DONE, FAILED, LOAD, LOOK, Look};
use crate::limits;

/// Bytes of the stack: rules and documents nest.
const STACK_SIZE: usize = 32 << 20;

/// Compiles rules and looks through contents until nobody asks any more; the whole program of a child process.
pub fn scanner_main() -> ExitCode {
    let work = || -> io::Result<()> {
        // Parsers may print; that must not come among the answers.
        let output = File::from(rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?);
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        std::panic::set_hook(Box::new(|_| {}));
        limits::humble()?;
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE).spawn(move || serve(output))?;
        thread.join().map_err(|_panic| io::Error::from(io::ErrorKind::Other))?
    };
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(output: File) -> io::Result<()> {
    engine::start_clock()?;
    limits::forbid_calls()?;
    let pipes = Rc::new(RefCell::new(Pipes { input: io::stdin(), output }));
    let mut engine = Engine::new();
    loop {
        let frame = frames::read(&mut pipes.borrow_mut().input.lock())?;
        let Some((kind, bytes)) = frame else { return Ok(()) };
        let answer = match kind {
            COMPILE => compile::compile(&bytes).map(|set| to_bytes(&set)),
            LOAD => load(&mut engine, &bytes).map(|()| Vec::new()),
            LOOK => Ok(look(&mut engine, &pipes, &bytes)?),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut pipes = pipes.borrow_mut();
        match answer {
            Ok(bytes) => frames::write(&mut pipes.output, DONE, &bytes)?,
            Err(why) => frames::write(&mut pipes.output, FAILED, why.as_bytes())?,
        }
    }
}

fn load(engine: &mut Engine, bytes: &[u8]) -> Result<(), String> {
    let (set, code) = bytes.split_first_chunk::<32>().ok_or_else(|| "no set of rules".to_owned())?;
    let loaded = catch_unwind(AssertUnwindSafe(|| engine.load(ContentId::new(*set), code)));
    loaded.unwrap_or_else(|_| Err("the compiled rules are damaged".to_owned()))
}

fn look(engine: &mut Engine, pipes: &Rc<RefCell<Pipes<Stdin>>>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let look: Look = from_bytes(bytes).map_err(io::Error::other)?;
    engine.choose(&look.sets);
    let remote = Remote::new(Rc::clone(pipes), look.size);
    let seen = catch_unwind(AssertUnwindSafe(|| Looker::new(engine, look.size).content(remote, &look.name)));
    let outcome = if let Ok(tally) = seen {
        tally.into_outcome()
    } else {
        engine.renew();
        Outcome::NotSeen { why: "it broke the scanner".to_owned() }
    };
    Ok(to_bytes(&outcome))
}
