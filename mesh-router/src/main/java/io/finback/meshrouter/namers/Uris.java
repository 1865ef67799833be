package io.finback.meshrouter.namers;

/** Addresses of far ends as URIs. */
final class Uris {
    private Uris() {}

    static String base(String host, int port) {
        return "http://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
