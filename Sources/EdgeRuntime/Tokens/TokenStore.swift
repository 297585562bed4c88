// Where sealed tokens outlive the host.

/// Keeps rows; never sees a token. All calls block and may come from any thread.
protocol TokenStore: Sendable {
    func all() throws -> [KeptToken]
    /// Keeps rows, each in place of what was kept for its owner and provider; on disk when it returns.
    func keep(_ tokens: [KeptToken]) throws
    func remove(owner: String, provider: String) throws
}
