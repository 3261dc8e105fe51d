//! Compares what came out with what the story expects.
//!
//! In an expected line `[..]` stands for any text within the line; a line `...` stands for any number of lines.

/// Says whether `output` is what `expected` describes.
pub(crate) fn matches(expected: &[String], output: &str) -> bool {
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    match_lines(expected, &lines)
}

fn match_lines(expected: &[String], lines: &[&str]) -> bool {
    let Some((first, rest)) = expected.split_first() else { return lines.is_empty() };
    if first == "..." {
        return (0..=lines.len()).any(|skipped| match_lines(rest, lines.get(skipped..).unwrap_or_default()));
    }
    match lines.split_first() {
        Some((line, others)) => match_line(first.trim_end(), line) && match_lines(rest, others),
        None => false,
    }
}

fn match_line(expected: &str, line: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = parts.next().and_then(|start| line.strip_prefix(start)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::matches;

    fn check(expected: &str, output: &str, is_match: bool) {
        let expected: Vec<String> = expected.lines().map(ToOwned::to_owned).collect();
        assert_eq!(matches(&expected, output), is_match, "{expected:?} against {output:?}");
    }

    #[test]
    fn wildcards_stand_for_text_and_lines() {
        check("a\nb", "a\nb\n", true);
        check("a", "a\nb", false);
        check("x [..] z", "x y z", true);
        check("x [..] z[..]", "x y z!", true);
        check("x [..] z", "x y zz!", false);
        check("...\nlast", "one\ntwo\nlast", true);
        check("...\nlast", "one\ntwo", false);
        check("first\n...", "first", true);
        check("", "", true);
    }
}
