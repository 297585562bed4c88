// The methods a function can be called with.

enum HTTPMethods {
    static let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    /// What a job function takes unless its entry names others: a POST with a body, or a GET by its query.
    static let ofJobs = ["GET", "HEAD", "POST"]
    /// What the host's own endpoints take.
    static let ofHost = ["GET", "HEAD"]

    /// The methods with HEAD beside GET: whoever answers one answers the other.
    static func withHead(_ methods: [String]) -> [String] {
        guard !methods.contains("HEAD") else { return methods }
        return methods.flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }
    }
}
