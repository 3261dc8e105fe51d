//! Who gave wrong bytes of a content is not asked for it again for a while.

use std::time::Duration;

use base::{ContentId, DeviceId, Timestamp};
use kernel::Step;
use store::{Rows, StoreError};

use crate::tables::BARRED;

const BARRED_FOR: Duration = Duration::from_hours(1);

/// Notes that a peer has given wrong bytes of a content.
pub(crate) fn bar(step: &mut Step<'_>, provider: DeviceId, content: ContentId) {
    let until = step.now().after(BARRED_FOR);
    BARRED.put(step.rows(), &(provider, content), &until);
}

/// Says whether a peer gave wrong bytes of a content just now.
pub(crate) fn is_barred<R: Rows + ?Sized>(
    rows: &R,
    (device, content): (DeviceId, ContentId),
    now: Timestamp,
) -> Result<bool, StoreError> {
    // A bar that lasts longer was set by a clock that has been put right since.
    let most = now.after(BARRED_FOR);
    Ok(BARRED.get(rows, &(device, content))?.is_some_and(|until| until > now && until <= most))
}
