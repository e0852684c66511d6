mod settings;
mod view;
pub use settings::Settings;
pub use view::*;
#[cfg(all(test, feature = "ts"))]
mod t {
    #[test]
    fn x() {
        use ts_rs::TS;
        let c = ts_rs::Config::new().with_out_dir("/tmp/b").with_large_int("number");
        super::AppEvent::export_all(&c).unwrap();
        super::Snapshot::export_all(&c).unwrap();
        super::ModelView::export_all(&c).unwrap();
        super::TestStep::export_all(&c).unwrap();
        super::ServerPreview::export_all(&c).unwrap();
        chat::Conversation::export_all(&c).unwrap();
    }
}
