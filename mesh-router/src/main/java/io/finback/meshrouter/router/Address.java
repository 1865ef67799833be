package io.finback.meshrouter.router;

/** Where an instance listens: a host name or IP, and a TCP port. */
public record Address(String host, int port) {}
