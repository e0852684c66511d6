//! Room for connections: each takes a file descriptor, of which systems let programs have few at first.

/// What a program opens besides: files, databases, what it asks of others.
#[cfg(unix)]
const BESIDES: usize = 1024;

/// Asks the system for room for so many, as far as whoever started this program allows it.
#[cfg(unix)]
pub(crate) fn make(connections: usize) {
    use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
    let Ok((had, most)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = rlim_t::try_from(connections.saturating_add(BESIDES)).unwrap_or(most).min(most);
    if wanted <= had {
        return;
    }
    if let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, wanted, most) {
        tracing::debug!(%error, had, "there is room for fewer connections than there could be");
    }
}

/// Elsewhere connections are not counted among the files.
#[cfg(not(unix))]
pub(crate) fn make(_connections: usize) {}
