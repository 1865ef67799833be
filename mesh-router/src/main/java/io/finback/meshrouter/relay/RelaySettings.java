package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Params;
import java.time.Duration;
import java.util.Optional;

/**
 * What a listener and its calls can be told.
 *
 * @param maxConnections client connections served at once; more are closed
 * @param maxCallDepth most {@code Via} entries of a request before it counts as a loop
 * @param retryLimit attempts after the first
 * @param connectTimeout for one TCP connect with its handshake
 * @param bindingTimeout for a name to become known, and for the host name of an instance
 * @param clientIdle how long a connection of a client may have no call
 * @param clientLife how old a connection of a client may get
 * @param exchangeIdle how long a call may move nothing, and no byte of a body
 * @param upstreamIdle how long an idle connection to an instance is kept
 * @param wire limits of the protocol, on both sides
 */
public record RelaySettings(
        String host,
        int port,
        int maxConnections,
        int maxCallDepth,
        int retryLimit,
        Duration connectTimeout,
        Duration bindingTimeout,
        Duration clientIdle,
        Optional<Duration> clientLife,
        Duration exchangeIdle,
        Duration upstreamIdle,
        Params wire) {}
