package io.finback.meshrouter.traffic;

/**
 * How HTTP/2 and Thrift are spoken unless linkerd.yaml says otherwise: {@code finback.router.h2} and {@code finback.router.thrift}.
 *
 * @param server of listeners
 * @param client to instances
 * @param streams how much of streams is kept for another attempt
 */
public record WireDefaults(WirePolicy server, WirePolicy client, StreamRetries streams) {}
