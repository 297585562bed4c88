// One import is enough for a function: requests, answers, JSON and moments come with it.
@_exported public import CivilTime
@_exported public import EdgeHTTP
@_exported public import EdgeLoop
@_exported public import JSON

/// What a function is asked. The path is what follows `/functions/v1/<name>`; the caller's whole target is in `Edge-Target`.
public typealias Request = HTTPRequest

/// What a function answers.
public typealias Response = HTTPResponse
