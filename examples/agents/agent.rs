// What an agent written in Rust needs, in one file: copy it beside your program and write `run`.
//
//     #[path = "agent.rs"]
//     mod agent;
//     use agent::{Answer, Given};
//
//     fn run(given: &Given) -> Answer {
//         Answer::new().notice("hello", "It works.")
//     }
//
//     agent::agent!(run);
//
// An agent is given JSON and gives JSON back. It has no clock, no chance, no files and no network: whatever it wants done, it
// asks for. Plain Rust without crates; `./build.sh` compiles it.

#![allow(dead_code)]

/// A value of JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

static NOTHING: Json = Json::Null;

impl Json {
    /// The value under a name; null when there is none.
    pub fn get(&self, name: &str) -> &Json {
        match self {
            Json::Object(fields) => {
                fields.iter().find(|(one, _)| one == name).map_or(&NOTHING, |(_, value)| value)
            }
            _ => &NOTHING,
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            _ => "",
        }
    }

    pub fn number(&self) -> f64 {
        match self {
            Json::Number(number) => *number,
            _ => 0.0,
        }
    }

    pub fn is_true(&self) -> bool {
        *self == Json::Bool(true)
    }

    pub fn is_null(&self) -> bool {
        *self == Json::Null
    }

    pub fn list(&self) -> &[Json] {
        match self {
            Json::List(values) => values,
            _ => &[],
        }
    }

    pub fn fields(&self) -> &[(String, Json)] {
        match self {
            Json::Object(fields) => fields,
            _ => &[],
        }
    }

    pub fn of(text: &str) -> Json {
        Json::Text(text.to_owned())
    }

    pub fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
        Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
            Json::Number(number) => out.push_str(&number.to_string()),
            Json::Text(text) => write_text(text, out),
            Json::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Json::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 32 => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> u8 {
        self.space();
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == byte;
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str, value: Json) -> Json {
        self.at += word.len();
        value
    }

    fn value(&mut self) -> Json {
        match self.peek() {
            b'{' => {
                self.at += 1;
                let mut fields = Vec::new();
                while !self.take(b'}') {
                    let name = self.text();
                    assert!(self.take(b':'), "a colon was expected");
                    fields.push((name, self.value()));
                    self.take(b',');
                }
                Json::Object(fields)
            }
            b'[' => {
                self.at += 1;
                let mut values = Vec::new();
                while !self.take(b']') {
                    values.push(self.value());
                    self.take(b',');
                }
                Json::List(values)
            }
            b'"' => Json::Text(self.text()),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => {
                let start = self.at;
                while matches!(self.bytes.get(self.at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
                    self.at += 1;
                }
                let digits = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
                Json::Number(digits.parse().expect("a value was expected"))
            }
        }
    }

    fn text(&mut self) -> String {
        assert!(self.take(b'"'), "a text was expected");
        let mut out = Vec::new();
        loop {
            let byte = *self.bytes.get(self.at).expect("a text without end");
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(out).expect("text is UTF-8"),
                b'\\' => {
                    let escaped = *self.bytes.get(self.at).expect("a text without end");
                    self.at += 1;
                    let c = match escaped {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' | b'f' => ' ',
                        b'u' => self.unicode(),
                        other => other as char,
                    };
                    out.extend(c.to_string().as_bytes());
                }
                byte => out.push(byte),
            }
        }
    }

    fn unicode(&mut self) -> char {
        let first = self.four();
        if (0xd800..0xdc00).contains(&first) && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            self.at += 2;
            let second = self.four();
            let code = 0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff);
            return char::from_u32(code).unwrap_or('\u{fffd}');
        }
        char::from_u32(first).unwrap_or('\u{fffd}')
    }

    fn four(&mut self) -> u32 {
        let digits = self.bytes.get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        self.at += 4;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd)
    }
}

/// What an agent is given.
#[derive(Debug)]
pub struct Given(pub Json);

impl Given {
    /// Milliseconds since 1970, by the computer's clock.
    pub fn now(&self) -> f64 {
        self.0.get("now").number()
    }

    /// What the admin said when admitting it.
    pub fn settings(&self) -> &str {
        self.0.get("settings").text()
    }

    /// The web's name.
    pub fn web(&self) -> &str {
        self.0.get("web").text()
    }

    /// What happened.
    pub fn event(&self) -> &Json {
        self.0.get("event")
    }

    /// `schedule`, `files`, `member-joined`, `member-left` or `guard`.
    pub fn kind(&self) -> &str {
        self.event().get("kind").text()
    }

    /// What it remembered the last time; null at first.
    pub fn state(&self) -> &Json {
        self.0.get("state")
    }
}

/// What an agent gives back.
#[derive(Debug, Default)]
pub struct Answer {
    actions: Vec<Json>,
    state: Option<Json>,
    log: String,
}

impl Answer {
    /// Nothing to do, and what is remembered stays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the person something: up to 120 bytes, and up to 2,000.
    pub fn notice(mut self, title: &str, text: &str) -> Self {
        let (title, text) = (Json::of(cut(title, 120)), Json::of(cut(text, 2_000)));
        self.actions.push(Json::object([("do", Json::of("notice")), ("title", title), ("text", text)]));
        self
    }

    /// Has the guard warn of a file.
    pub fn warn(mut self, path: &str, why: &str) -> Self {
        let why = Json::of(cut(why, 200));
        self.actions.push(Json::object([("do", Json::of("warn")), ("path", Json::of(path)), ("why", why)]));
        self
    }

    /// Has the guard hold a file.
    pub fn hold(mut self, path: &str, why: &str) -> Self {
        let why = Json::of(cut(why, 200));
        self.actions.push(Json::object([("do", Json::of("hold")), ("path", Json::of(path)), ("why", why)]));
        self
    }

    /// Remembers this until the next run.
    pub fn remember(mut self, state: Json) -> Self {
        self.state = Some(state);
        self
    }

    /// Says something for whoever reads its log.
    pub fn log(mut self, text: &str) -> Self {
        self.log = text.to_owned();
        self
    }

    /// What it asks for so far.
    pub fn count(&self) -> usize {
        self.actions.len()
    }

    fn into_json(self) -> String {
        let mut fields = vec![("actions".to_owned(), Json::List(self.actions))];
        fields.extend(self.state.map(|state| ("state".to_owned(), state)));
        fields.push(("log".to_owned(), Json::Text(self.log)));
        let mut out = String::new();
        Json::Object(fields).write(&mut out);
        out
    }
}

fn cut(text: &str, size: usize) -> &str {
    let mut end = text.len().min(size);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Reads JSON; a program that gets something else ends.
pub fn read(bytes: &[u8]) -> Json {
    Reader { bytes, at: 0 }.value()
}

/// Runs an agent on the bytes of a unit: its number (8 bytes), the length of its arguments (4 bytes), those, and the input.
pub fn answer(unit: &[u8], run: fn(&Given) -> Answer) -> Vec<u8> {
    let length = unit.get(8..12).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
    let input = unit.get(12 + length as usize..).expect("this is no unit");
    run(&Given(read(input))).into_json().into_bytes()
}

/// Makes the functions that Althing calls.
#[macro_export]
macro_rules! agent {
    ($run:path) => {
        static mut LAST_WORDS: (usize, usize) = (0, 0);

        /// Gives room for the input.
        #[unsafe(no_mangle)]
        pub extern "C" fn althing_alloc(size: u32) -> u32 {
            let room: Box<[u8]> = vec![0; size as usize].into_boxed_slice();
            Box::leak(room).as_mut_ptr() as u32
        }

        /// Runs the agent.
        #[unsafe(no_mangle)]
        pub extern "C" fn althing_run(place: u32, size: u32) -> u64 {
            std::panic::set_hook(Box::new(|why| {
                let words = why.to_string().leak();
                // SAFETY: a unit has one thread, and after this it ends.
                unsafe { LAST_WORDS = (words.as_ptr() as usize, words.len()) };
            }));
            // SAFETY: these bytes are what was asked of althing_alloc, and nobody else has them.
            let unit = unsafe { std::slice::from_raw_parts(place as *const u8, size as usize) };
            let output = agent::answer(unit, $run).leak();
            (output.as_ptr() as u64) << 32 | output.len() as u64
        }

        /// Says why it ended.
        #[unsafe(no_mangle)]
        pub extern "C" fn althing_log() -> u64 {
            // SAFETY: a unit has one thread.
            let (place, size) = unsafe { LAST_WORDS };
            (place as u64) << 32 | size as u64
        }
    };
}
pub use agent;
