//! How the commands of the page are declared; they stand in `commands.rs`.

/// `name(Request) -> Response` for every command; the body sees the app as `app` and the engine as `engine`.
macro_rules! commands {
    ($( $(#[doc = $doc:literal])* $name:ident($request:ident: $req:ty) -> $res:ty, |$app:ident, $engine:ident| $body:expr; )*) => {
        $(
            $(#[doc = $doc])*
            #[tauri::command]
            #[allow(clippy::let_unit_value, reason = "some requests say nothing")]
            async fn $name($app: AppHandle, desk: State<'_, Desk>, request: $req) -> Result<$res, ErrorReport> {
                let $engine = desk.engine().await?;
                // Some commands need only one of the three.
                let _ = (&$app, &$engine);
                let $request = request;
                $body
            }
        )*

        /// Answers every command of the page.
        pub(crate) fn registered() -> impl Fn(tauri::ipc::Invoke<Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![subscribe, $($name),*]
        }

        /// `name: [request, response]` of every command, invoked as `invoke(name, { request })`; an
        /// error is an `ErrorReport`.
        #[cfg(test)]
        #[derive(ts_rs::TS)]
        #[ts(export_to = "bindings.ts")]
        #[allow(dead_code)]
        pub(crate) struct Commands {
            $( $(#[doc = $doc])* $name: ($req, $res), )*
        }
    };
}
