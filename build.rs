//! Node-API linking, and one linker flag.

fn main() {
    napi_build::setup();
    // The runtime's threads outlive the environment that started them: Node.js unloads an addon when the last worker
    // thread that required it ends, and would unmap code that still runs.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
