//! The faces of a running peer: the local HTTP API for the browser and the CLI, live events, the embedded page, and
//! members' contents on origins of their own.
//!
//! Not for: deciding anything. A gateway checks who asks and the form of what is asked, hands it to the
//! [`Host`] and writes down the answer.
//!
//! # The HTTP surface
//!
//! The peer listens on `127.0.0.1:PORT` and `[::1]:PORT`, and on a Unix socket. Every request needs a `Host` out of
//! `althing.localhost:PORT`, `localhost:PORT`, `127.0.0.1:PORT`, `[::1]:PORT` (the control origins) or
//! `view--XXXXXXXXXXXXXXXX.localhost:PORT` (a content origin) or `LABEL.localhost:PORT` (a member's site, as in
//! `notes--alice--family`); any other is answered 421. Every error of the control origins has a JSON
//! body, a [`base::Fault`]: `{code, kind, what, remedies: [{command, text}]}`. No cookies there, no CORS anywhere.
//! The port is also an HTTP proxy for these names and nothing else (`GET /proxy.pac`); `CONNECT` is refused.
//!
//! Everything below but the page and `/proxy.pac` needs these request headers:
//! - `x-althing: 1`
//! - `Authorization: Bearer TOKEN` (not for `POST /session`)
//! - `Content-Type: application/json` (for `POST`, but for `/attachment`)
//! - `Sec-Fetch-Site: same-origin` or `Origin: http://HOST` as every browser adds by itself (for `POST`)
//!
//! | request | answer |
//! |---|---|
//! | `GET /` and the page's assets | the page; it is opened by `http://althing.localhost:PORT/#code=CODE` |
//! | `POST /session` `{"code": CODE}` | `{"token", "expires"}` (ms); a code is good once, for 30 s; 401 otherwise. A token is good for 7 days, also after a restart of the peer |
//! | `POST /session/end` `{}` | `{}`; the token is good no more |
//! | `POST /api/OPERATION` `{arguments}` | the answer as in `web/src/lib/api.gen.ts`; optional header `Idempotency-Key`: 32 hex digits, the same for each repetition of one act |
//! | `GET /api/events?after=N` | `text/event-stream`, read by `fetch`: see below |
//! | `POST /view` `{"path", "revision"?, "disposition"?: "inline" or "attachment"}` | `{"url", "show", "name", "size", "media", "revision", "content", "expires"}`; see below |
//! | `POST /part` `{"message", "part"}` | `{"url", "name", "size", "expires"}`: a part of a mail, or all of it (0); a view that is only ever saved |
//! | `POST /attachment` bytes, as `application/octet-stream` | `{"id", "size"}`: for `mail.send`, good for an hour; what is larger than a mail may be is refused |
//! | `POST /site` `{"label", "path"?}` | `{"url"}`: enters a member's site once, within 30 s; navigate to it. `path` is what stands behind the host in the site's address, query and all, as the address bar shows it |
//! | `GET /proxy.pac` | how a browser finds our names through the proxy; needs nothing |
//! | `POST /qr` `{"text"}` | `image/svg+xml`, text of 2,048 bytes at most |
//! | `GET /api/openapi.json` | the same as `docs/openapi.json`; needs no token |
//!
//! Status by the fault's kind: yours 400, settings 409, refused 403, unreachable 503, broken 500. By the gateways
//! themselves: 401 no or unknown token (get a new code by `althing page`), 404 no such operation, 413 too large,
//! 415 not JSON, 421 unknown host, 429 too many wrong codes or streams.
//!
//! **Events.** Messages as in server-sent events: `id: N`, `event: happened`, `data: {number, at, kind, about}`.
//! Without `after` the stream starts now; the first message is always `event: hello`, `data: {"last": N}`: N is the
//! number to go on after. `event: reload` says that events were missed for good: load everything anew and connect
//! without `after`; the stream then ends. A comment comes every 25 s. 32 streams at most.
//!
//! **Views.** `POST /view` opens a file, waits until its first bytes are here (or answers the fault that explains
//! why not) and returns a URL `http://view--XXXXXXXXXXXXXXXX.localhost:PORT/v/CAPABILITY/NAME`, good for an hour
//! after its last use, for 12 hours at most; asking again renews it. One origin per opened file. `show` says how to
//! show it: `text`, `markdown` and `pdf` in an `<iframe>`, `image` in an `<img>`, `video` and `audio` in their
//! elements (ranges work before the file is complete), `none` only as a download (navigate to the URL of
//! `"disposition": "attachment"`). Frames need no `sandbox` attribute: the content brings its own, but `pdf` must not
//! be given one. HTML is shown as its source text. Responses carry no CORS headers, so a page's script can't read them.
//!
//! **Sites.** Each member's site is an origin of its own, `http://LABEL.localhost:PORT/`, or with `--HEXTIME` behind the
//! label for an old version. It is read with a cookie (`althing-site`: `HttpOnly`, `SameSite=Lax`, host only, 7 days or
//! until the peer stops) that is good for this label and the site that stood there. Without it a person's visit is led
//! (303) to `http://althing.localhost:PORT/#/site/LABEL/PATH`, PATH percent-encoded once more than in the site's
//! address; the page decodes it once, asks `POST /site` and navigates to the answer's `url`. Everything else gets 401,
//! and nobody learns whether there is such a site; on Linux other accounts' programs get 403. `host.open_site` answers such an address, too. A site takes `GET`
//! and `HEAD` only; another site's page may lead to it but not load from it or frame it; no service worker is ever
//! registered. A site that is gone is answered 410 (404 if it never was) with `Clear-Site-Data`. Below `/.althing/`:
//!
//! | request | answer |
//! |---|---|
//! | `GET /.althing/enter/CODE/PATH` | the cookie, and 303 to `/PATH` |
//! | `GET /.althing/live?after=N` | `text/event-stream` for `EventSource`: `hello` `{last}`; `change` `{path?}` below the site; `ledger` when a ledger of its web changed; `reload` |
//! | `GET /.althing/live.js` | what every HTML document gets at its end: loads it again on changes; dispatches `althing-ledger` on `document` |
//! | `GET /.althing/ledger?prefix=&after=&limit=` | as `ledger.read`, of the ledger of the same web, owner and name |
//! | `POST /.althing/ledger` `{needs, puts, id?}` | as `ledger.submit`; needs `x-althing: 1` and JSON |
//! | `GET /.althing/ledger/wish?id=` | as `ledger.wish`, of this ledger only |
//! | `POST /.althing/ledger/give-up` `{id}` | as `ledger.give_up` |
//!
//! A folder shows `index.html`, `index.htm`, `index.md` or `README.md`, else its list. Markdown opened as a page is
//! rendered; `?raw` gives the text. Small answers stay in memory until an event of `files`, `pages`, `people`,
//! `records` or `guard` may concern them.
//!
//! **On the Unix socket** the same requests need neither token nor `x-althing` nor an origin: the file's rights (0600)
//! and the caller's user id are the gate. There is one more: `GET /content?path=PATH&revision=N` answers raw bytes.

pub mod arguments;
mod body;
mod content;
mod events;
mod gateway;
mod host;
mod markdown;
mod media;
mod names;
mod neighbours;
mod openapi;
mod page;
mod places;
mod ranges;
mod refusal;
mod routes;
mod secrets;
mod server;
mod sessions;
mod sites;
pub mod surface;
mod trespass;
mod views;

pub use host::{ContentStream, Events, Host, Promise};
pub use names::is_deceptive;
pub use openapi::openapi;
pub use refusal::{GatewayError, faults};
pub use server::{GatewayConfig, Gateways, Serving};
pub use trespass::Trespass;
