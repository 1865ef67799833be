package io.finback.meshrouter.rpc.thrift;

import io.finback.meshrouter.rpc.Params;
import io.netty.handler.ssl.SslContext;
import java.util.Optional;

/** Parameters of Thrift. */
public final class ThriftParams {
    /** The longest message that is taken, in a frame or without: 16 MiB, as libthrift. A longer one ends the connection. */
    public static final Params.Key<Integer> MAX_FRAME_BYTES = Params.Key.of("max frame bytes", 16 << 20);

    /**
     * Whether each message lies behind its length, on connections of either side. If not, as libthrift's plain and buffered transports have
     * it, messages lie one behind the other, and their fields say where each ends.
     */
    public static final Params.Key<Boolean> FRAMED = Params.Key.of("framed", true);

    /** TLS from the first byte on. */
    public static final Params.Key<Optional<SslContext>> TLS = Params.Key.of("tls", Optional.empty());

    /** Whether a client of plain Thrift asks for Twitter's headers, in which contexts travel, and a server says that it knows them. */
    public static final Params.Key<Boolean> UPGRADE = Params.Key.of("attempt TTwitter upgrade", true);

    /** Who this client says it is, unless the context of a call says otherwise. */
    public static final Params.Key<Optional<String>> CLIENT_ID = Params.Key.of("client id", Optional.empty());

    private ThriftParams() {}
}
