//! Harmless look-alikes of harmful files, put together here so that none stands whole in this tree.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(crate) fn eicar() -> Vec<u8> {
    ["X5O!P%@AP[4\\PZX54(P^)", "7CC)7}$EICAR-STAN", "DARD-ANTIVIRUS-TEST", "-FILE!$H+H*"]
        .concat()
        .into_bytes()
}

pub(crate) fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn zlib_of(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, bytes) in entries {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend_from_slice(&header);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1_024, 0);
    tar
}

pub(crate) fn mail_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let text = data_encoding::BASE64.encode(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "From: Mallory <mallory@example.org>\r\nTo: bob@example.org\r\nSubject: for you\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"edge\"\r\n\r\n--edge\r\nContent-Type: text/plain\r\n\r\nlook at this\r\n\
         --edge\r\nContent-Type: application/octet-stream; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n{}\r\n--edge--\r\n",
        lines.join("\r\n")
    )
    .into_bytes()
}

/// The beginning of a program for Windows, as far as anybody looks; it does nothing.
pub(crate) fn program() -> Vec<u8> {
    let mut bytes = vec![0; 1_024];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&0x14c_u16.to_le_bytes());
    bytes[0x94..0x96].copy_from_slice(&0xe0_u16.to_le_bytes());
    bytes[0x98..0x9a].copy_from_slice(&0x10b_u16.to_le_bytes());
    bytes
}

/// The same with one section of this name.
pub(crate) fn program_with_section(name: &[u8]) -> Vec<u8> {
    let mut bytes = program();
    bytes[0x86] = 1;
    let table = 0x98 + 0xe0;
    bytes[table..table + name.len()].copy_from_slice(name);
    bytes
}

/// A document of old Office programs with a macro, packed as letters only.
pub(crate) fn document_with_macro(source: &str) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(1_024, 0);
    bytes.push(1);
    for chunk in pack(format!("Attribute VB_Name = \"NewMacros\"\r\n{source}").as_bytes()) {
        bytes.extend_from_slice(&chunk);
    }
    bytes.resize(bytes.len() + 512, 0);
    bytes
}

fn pack(plain: &[u8]) -> Vec<Vec<u8>> {
    plain
        .chunks(3_000)
        .map(|piece| {
            let mut tokens = Vec::new();
            for letters in piece.chunks(8) {
                tokens.push(0);
                tokens.extend_from_slice(letters);
            }
            let head = 0xb000 | u16::try_from(tokens.len() - 1).unwrap();
            [head.to_le_bytes().as_slice(), &tokens].concat()
        })
        .collect()
}

/// A link whose arguments are these.
pub(crate) fn link_to(command: &str, how_shown: u8) -> Vec<u8> {
    let mut bytes = vec![0; 0x4c];
    bytes[0] = 0x4c;
    bytes[4..20].copy_from_slice(b"\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
    bytes[0x14] = 0xa0;
    bytes[0x3c] = how_shown;
    bytes.extend(u16::try_from(command.len()).unwrap().to_le_bytes());
    bytes.extend(command.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// So many letters that mean nothing.
pub(crate) fn letters(count: usize) -> String {
    "QWxsIHlvdXIgYmFzZSBhcmUgYmVsb25nIHRvIHVz".chars().cycle().take(count).collect()
}
