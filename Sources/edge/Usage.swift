// The text of `edge help`.
internal import EdgeRuntime

enum Usage {
    static let version = edgeVersion

    static let text = """
        usage: edge serve [options]      serve the functions of functions.json
               edge secrets <command>    keep provider keys: set, list, unset, parse
               edge keys <command>       API keys of callers: create, list, revoke, rotate
               edge providers            who can be used, prices, circuits, quotas; of the host that runs
               edge providers check N    make provider N's cheapest call with its key
               edge spend [stop | resume] what was spent, budgets; stops paid work, lets it go on
               edge usage                what was spent by whom and on what: --by, --since, --json, --csv
               edge jobs <command>       list, show, logs, retry, cancel, purge; of the host that runs
               edge run FILE --out DIR   make the requests of a file, one a line; on the host that runs, or without one
               edge version

        options of serve, each also as an environment variable (a flag wins):
          --host H          where to listen; 127.0.0.1 (EDGE_HOST)
          --port P          0 to 65535; 8787 (EDGE_PORT; PORT means: on all interfaces)
          --functions F     the manifest; ./functions.json, else the bundled one (EDGE_FUNCTIONS)
          --env-file F      settings, again for more files; a later one wins
          --state DIR       jobs, images and secrets; .edge (EDGE_STATE)
          --public-url U    what absolute URLs begin with (EDGE_PUBLIC_URL)
          --log json|text   text on a terminal, else json (EDGE_LOG)
        """
}
