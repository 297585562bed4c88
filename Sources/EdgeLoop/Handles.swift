// Memory of libuv handles: one owner, freed when libuv has let go.
internal import CUV

/// Closes a libuv handle; its memory is freed when libuv has let go of it.
func closeHandle<Handle>(_ handle: UnsafeMutablePointer<Handle>) {
    let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    base.pointee.data = nil
    uv_close(base) { $0.map { UnsafeMutableRawPointer($0).deallocate() } }
}

extension UnsafeMutableRawPointer {
    /// The object behind a handle's `data`; it was not retained for the handle, which never outlives it.
    func object<Object: AnyObject>(as type: Object.Type) -> Object {
        Unmanaged<Object>.fromOpaque(self).takeUnretainedValue()
    }
}
