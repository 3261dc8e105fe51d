//! Text of XML inside documents: what stands in some elements, with breaks after others.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::TEXT_SIZE_MAX;

/// What of an XML file is text; names without prefixes.
pub(super) struct Rules {
    /// Elements whose text counts, with all in them; none: all text counts.
    pub(super) within: &'static [&'static str],
    /// Elements whose text does not count.
    pub(super) without: &'static [&'static str],
    /// Elements that end a line.
    pub(super) lines: &'static [&'static str],
    /// Elements that stand for a blank.
    pub(super) blanks: &'static [&'static str],
}

/// Adds the text of an XML file; a damaged one gives what comes before the damage.
pub(super) fn add(text: &mut String, source: impl BufRead, rules: &Rules) {
    let mut reader = Reader::from_reader(source);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let (mut within, mut without) = (0_u32, 0_u32);
    while text.len() < TEXT_SIZE_MAX {
        buffer.clear();
        let Ok(event) = reader.read_event_into(&mut buffer) else { return };
        let is_text = without == 0 && (within > 0 || rules.within.is_empty());
        match event {
            Event::Eof => return,
            Event::Start(tag) => {
                let name = tag.local_name();
                within = within.saturating_add(u32::from(has(rules.within, name.as_ref())));
                without = without.saturating_add(u32::from(has(rules.without, name.as_ref())));
            }
            Event::Empty(tag) => add_break(text, tag.local_name().as_ref(), rules),
            Event::End(tag) => {
                let name = tag.local_name();
                within = within.saturating_sub(u32::from(has(rules.within, name.as_ref())));
                without = without.saturating_sub(u32::from(has(rules.without, name.as_ref())));
                add_break(text, name.as_ref(), rules);
            }
            Event::Text(part) if is_text => text.push_str(part.as_ref()),
            Event::CData(part) if is_text => text.push_str(part.as_ref()),
            Event::GeneralRef(part) if is_text => match part.resolve_char_ref() {
                Ok(Some(character)) => text.push(character),
                _ => text.push_str(quick_xml::escape::resolve_xml_entity(part.as_ref()).unwrap_or(" ")),
            },
            _ => {}
        }
    }
}

fn add_break(text: &mut String, name: &str, rules: &Rules) {
    if has(rules.lines, name) {
        text.push('\n');
    } else if has(rules.blanks, name) {
        text.push(' ');
    }
}

fn has(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}
