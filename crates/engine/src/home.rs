//! Where configuration and data lie.

use std::path::{Path, PathBuf};

use chat::{ErrorCode, ErrorReport};

/// One directory for everything, or the platform's own places.
#[derive(Debug, Clone)]
pub struct Home {
    config: PathBuf,
    data: PathBuf,
    /// Whether `LOQUAT_HOME` was given: then secrets are kept apart, too.
    portable: bool,
}

impl Home {
    /// `LOQUAT_HOME` if it is set, otherwise where the platform keeps such things.
    pub fn find() -> Result<Self, ErrorReport> {
        if let Some(dir) = std::env::var_os("LOQUAT_HOME").filter(|dir| !dir.is_empty()) {
            return Self::at(Path::new(&dir));
        }
        let dirs = directories::ProjectDirs::from("dev", "loquat", "Loquat").ok_or_else(|| {
            ErrorReport::new(ErrorCode::StorageFailed, "This system names no home directory.")
                .fix("Set LOQUAT_HOME to a directory for Loquat's configuration and data.")
        })?;
        Self::make(dirs.config_dir().to_owned(), dirs.data_dir().to_owned(), false)
    }

    /// Everything in `dir`, which is made if it is not there.
    pub fn at(dir: &Path) -> Result<Self, ErrorReport> {
        let dir = std::path::absolute(dir).map_err(|error| unusable(dir, &error))?;
        Self::make(dir.clone(), dir, true)
    }

    fn make(config: PathBuf, data: PathBuf, portable: bool) -> Result<Self, ErrorReport> {
        for dir in [&config, &data] {
            std::fs::create_dir_all(dir).map_err(|error| unusable(dir, &error))?;
            private(dir).map_err(|error| unusable(dir, &error))?;
        }
        Ok(Self { config, data, portable })
    }

    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.json")
    }

    pub fn servers(&self) -> PathBuf {
        self.config.join("servers.json")
    }

    /// What a person allowed for longer than once.
    pub fn permissions(&self) -> PathBuf {
        self.config.join("permissions.json")
    }

    /// The files by which Loquat itself goes, as paths with `/`: no call of a model may name them.
    pub(crate) fn own_files(&self) -> Vec<String> {
        let files = [self.settings(), self.servers(), self.permissions(), self.consents(), self.database()];
        files.iter().map(|file| file.display().to_string().replace('\\', "/")).collect()
    }

    /// What the window remembers: size, theme, drafts.
    pub fn preferences(&self) -> PathBuf {
        self.config.join("preferences.json")
    }

    pub fn window_state(&self) -> PathBuf {
        self.config.join("window.json")
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("loquat.db")
    }

    /// Which way of speaking worked with which server.
    pub fn eras(&self) -> PathBuf {
        self.data.join("eras.json")
    }

    /// What servers offered when they were last seen.
    pub fn catalogue(&self) -> PathBuf {
        self.data.join("catalogue.json")
    }

    /// The log's own files.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Which programs a person has agreed to.
    pub fn consents(&self) -> PathBuf {
        self.config.join("consents.json")
    }

    /// Who is signed in to which server: names, no secrets.
    pub fn accounts(&self) -> PathBuf {
        self.data.join("accounts.json")
    }

    /// Marks of programs that run now.
    pub fn run(&self) -> PathBuf {
        self.data.join("run")
    }

    /// The web view's own files.
    pub fn web(&self) -> PathBuf {
        self.data.join("web")
    }

    /// Where everything a person might look for lies.
    pub fn dir(&self) -> &Path {
        &self.data
    }

    /// Under which name secrets lie in the keychain: a portable home has its own.
    pub fn keychain_service(&self) -> String {
        if self.portable { format!("loquat ({})", self.data.display()) } else { "loquat".into() }
    }
}

/// Nobody else reads conversations.
#[cfg(unix)]
fn private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private(_: &Path) -> std::io::Result<()> {
    // Elsewhere the profile directory is private already.
    Ok(())
}

fn unusable(dir: &Path, error: &std::io::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::StorageFailed, format!("{} cannot be used.", dir.display()))
        .because(error.to_string())
        .fix("Check its permissions and the disk, or set LOQUAT_HOME to another directory.")
}
