// The methods a function can be called with.

enum HTTPMethods {
    static let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    /// What a job function takes unless its entry names others: a POST with a body, or a GET by its query.
    static let ofJobs = ["GET", "HEAD", "POST"]
}
