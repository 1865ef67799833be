package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.transport.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's side of one Mux connection: as many calls at a time as there are tags. Source: twitter/finagle
 * {@code mux/pushsession/MuxClientSession.scala}, {@code mux/Handshake.scala}.
 */
final class MuxClientSession extends MuxConnection implements Service<byte[], byte[]> {
    private enum Phase {
        CONNECTING,
        PROBED,
        INITIATED,
        READY,
        ENDED
    }

    private enum Dispatches {
        UNKNOWN,
        UNDERSTOOD,
        /** An old server: calls are sent as Treq, without what travels with them but the trace. */
        REFUSED
    }

    private final String endpoint;
    private final Params params;
    private final long maxUnwrittenBytes;
    private final StatsReceiver.Counter drainings;
    private final StatsReceiver.Counter drained;
    private final StatsReceiver.Counter leased;
    private final Reply<Service<byte[], byte[]>> ready = new Reply<>();
    private final MuxPings pings;
    private Phase phase = Phase.CONNECTING;
    private Dispatches dispatches = Dispatches.UNKNOWN;
    private final MuxTags<Exchange> tags = new MuxTags<>();
    private volatile boolean draining;
    private volatile boolean ended;
    private volatile long leaseEnd = Long.MAX_VALUE;
    private final Reply<@Nullable Void> gone = new Reply<>();

    MuxClientSession(Params params) {
        super(params);
        this.params = params;
        endpoint = params.get(ClientParams.ENDPOINT).toString();
        maxUnwrittenBytes = params.get(MuxParams.MAX_UNWRITTEN_BYTES);
        StatsReceiver stats = params.get(Common.STATS).scope("mux");
        drainings = stats.counter("draining");
        drained = stats.counter("drained");
        leased = stats.counter("leased");
        pings = new MuxPings(this, params.get(MuxParams.PINGS), params.get(Common.STATS));
    }

    /** The session, once the handshake is over. */
    Reply<Service<byte[], byte[]>> ready() {
        return ready;
    }

    /** One call. On the loop, but for its interrupt. */
    private final class Exchange implements Runnable, Consumer<Throwable> {
        private final byte[] body;
        private final Context context;
        private final Reply<byte[]> reply = new Reply<>();
        private int tag;
        private boolean given;
        private volatile @Nullable Throwable interrupted;

        Exchange(byte[] body, Context context) {
            this.body = body;
            this.context = context;
        }

        /** Sends it, or gives it up: it has been interrupted. */
        @Override
        public void run() {
            Throwable why = interrupted;
            if (why == null) {
                send(this);
            } else if (!given) {
                giveUp(this, why);
            }
        }

        @Override
        public void accept(Throwable why) {
            interrupted = why;
            onLoop(this);
        }
    }

    @Override
    public CompletionStage<byte[]> apply(byte[] request, Context context) {
        Exchange exchange = new Exchange(request, context);
        if (inLoop()) {
            send(exchange);
        } else {
            onLoop(exchange);
        }
        if (!exchange.reply.isDone()) {
            exchange.reply.onInterrupt(exchange);
        }
        return exchange.reply;
    }

    private void send(Exchange exchange) {
        if (ended || draining) {
            exchange.reply.fail(new Failure.ChannelClosed(endpoint, ended ? "before the call" : "draining", false));
            return;
        }
        ChannelOutboundBuffer unwritten = context().channel().unsafe().outboundBuffer();
        if (unwritten != null && unwritten.totalPendingWriteBytes() > maxUnwrittenBytes) {
            exchange.reply.fail(
                    Failure.rejected("more than " + maxUnwrittenBytes + " bytes wait to be written to " + endpoint));
            return;
        }
        int tag = tags.take(exchange);
        if (tag == 0) {
            exchange.reply.fail(Failure.rejected("Exhausted tags"));
            return;
        }
        exchange.tag = tag;
        write(exchange);
    }

    private void write(Exchange exchange) {
        boolean dispatch = dispatches != Dispatches.REFUSED;
        ByteBuf out = output().next();
        int at = output().begin(out, dispatch ? MuxWire.T_DISPATCH : MuxWire.T_REQ, exchange.tag);
        try {
            if (dispatch) {
                MuxWire.writeDispatch(out, exchange.context, output());
            } else {
                MuxWire.writeRequest(out, exchange.context);
            }
            out.writeBytes(exchange.body);
        } catch (IllegalArgumentException e) {
            output().abort(out, at);
            release(exchange);
            exchange.reply.fail(e);
            return;
        }
        output().finish(out, at);
    }

    private void giveUp(Exchange exchange, Throwable why) {
        exchange.given = true;
        boolean waits = exchange.tag != 0 && tags.get(exchange.tag) == exchange;
        if (waits) {
            if (output().dropFragments(exchange.tag) == MuxOutput.Dropped.UNTOUCHED) {
                release(exchange);
            } else {
                ByteBuf out = output().next();
                int at = output().begin(out, MuxWire.OLD_T_DISCARDED, 0);
                out.writeMedium(exchange.tag)
                        .writeBytes(String.valueOf(why.getMessage()).getBytes(StandardCharsets.UTF_8));
                output().finish(out, at);
                // The tag stays taken until the other side has answered.
            }
        }
        exchange.reply.fail(
                why instanceof Failure failure && failure.is(Failure.INTERRUPTED)
                        ? failure
                        : new Failure("interrupted: " + why.getMessage(), Failure.INTERRUPTED, why));
    }

    private void release(Exchange exchange) {
        tags.free(exchange.tag);
        closeIfDrained();
    }

    private void closeIfDrained() {
        if (draining && tags.isEmpty()) {
            drained.increment();
            closing("drained");
            output().closeFlushed();
        }
    }

    @Override
    void opened() {
        if (phase == Phase.CONNECTING && context().pipeline().get(SslHandler.class) == null) {
            begin();
        }
    }

    /** The connection can be written to: begins the handshake. */
    void begin() {
        phase = Phase.PROBED;
        output().writeSimple(MuxWire.OLD_R_ERR, MuxWire.CONTROL_TAG, MuxWire.PROBE);
        Duration limit = params.get(ClientParams.CONNECT_TIMEOUT);
        var unused = context()
                .executor()
                .schedule(
                        () -> {
                            if (!ready.isDone()) {
                                fail("no answer to the handshake within " + limit.toMillis() + " ms");
                            }
                        },
                        limit.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    private void fail(String why) {
        closing(why);
        ready.fail(new Failure.NotConnected(endpoint, why));
        Sockets.close(context().channel());
    }

    @Override
    void message(byte type, int tag, ByteBuf in, int end) {
        if (phase == Phase.READY) {
            answer(type, tag, in, end);
        } else if (phase == Phase.PROBED) {
            if (isError(type) && MuxWire.isProbe(in, end)) {
                phase = Phase.INITIATED;
                ByteBuf out = output().next();
                int at = output().begin(out, MuxWire.T_INIT, MuxWire.CONTROL_TAG);
                MuxHandshake.write(out, params);
                output().finish(out, at);
            } else {
                ready(Map.of());
            }
        } else if (type == MuxWire.R_INIT) {
            ready(MuxHandshake.read(in, end));
        } else {
            fail("handshake refused: "
                    + (isError(type) ? MuxWire.string(in, end, end - in.readerIndex()) : "message of type " + type));
        }
    }

    private void ready(Map<String, byte[]> headers) {
        MuxHandshake.window(headers).ifPresent(output()::peerWindow);
        MuxHandshake.secured(headers, params)
                .onFailure(this::fail)
                .onTls(context -> {
                    SslHandler handler =
                            MuxHandshake.clientHandler(context, context().channel(), params);
                    context().pipeline().addFirst(handler);
                    handler.handshakeFuture().addListener(shaken -> {
                        if (shaken.isSuccess()) {
                            established();
                        } else {
                            fail("TLS: " + shaken.cause().getMessage());
                        }
                    });
                })
                .onPlain(this::established);
    }

    private void established() {
        phase = Phase.READY;
        pings.begin();
        ready.complete(this);
    }

    private static boolean isError(byte type) {
        return type == MuxWire.R_ERR || type == MuxWire.OLD_R_ERR;
    }

    private void answer(byte type, int tag, ByteBuf in, int end) {
        switch (type) {
            case MuxWire.R_DISPATCH -> {
                dispatches = Dispatches.UNDERSTOOD;
                answered(tag, in, end, true);
            }
            case MuxWire.R_REQ -> answered(tag, in, end, false);
            case MuxWire.R_DISCARDED -> {
                Exchange exchange = tags.get(tag);
                if (exchange != null) {
                    release(exchange);
                    exchange.reply.fail(new Failure("discarded by " + endpoint, 0));
                }
            }
            case MuxWire.R_ERR, MuxWire.OLD_R_ERR -> refused(tag, MuxWire.string(in, end, end - in.readerIndex()));
            case MuxWire.T_PING -> output().writeSimple(MuxWire.R_PING, tag);
            case MuxWire.R_PING -> pings.answered();
            case MuxWire.T_DRAIN -> {
                drainings.increment();
                draining = true;
                output().writeSimple(MuxWire.R_DRAIN, tag);
                closeIfDrained();
            }
            case MuxWire.T_LEASE -> {
                MuxWire.need(in, end, 9);
                if (in.readByte() == 0) {
                    leased.increment();
                    long millis = Math.max(0, in.readLong());
                    long now = System.nanoTime();
                    leaseEnd = millis > Long.MAX_VALUE / 4_000_000 ? Long.MAX_VALUE : now + millis * 1_000_000;
                }
            }
            default -> throw MuxWire.bad("type " + type + " from a server");
        }
    }

    private void answered(int tag, ByteBuf in, int end, boolean contexts) {
        Exchange exchange = tags.get(tag);
        if (exchange == null) {
            throw MuxWire.bad("answer with tag " + tag + ", which no call has");
        }
        MuxWire.need(in, end, 1);
        byte status = in.readByte();
        long flags = contexts
                ? MuxWire.failureFlags(in, end, status == MuxWire.NACK ? Failure.RETRYABLE | Failure.REJECTED : 0)
                : status == MuxWire.NACK ? Failure.RETRYABLE | Failure.REJECTED : 0;
        int length = end - in.readerIndex();
        if (status == MuxWire.OK) {
            byte[] body = MuxWire.bytes(in, end, length);
            release(exchange);
            exchange.reply.complete(body);
            return;
        }
        String text = MuxWire.string(in, end, length);
        release(exchange);
        exchange.reply.fail(
                status == MuxWire.NACK
                        ? new Failure("The request was Nacked by the server (" + endpoint + ")", flags)
                        : new Failure.ServerApplication(text, flags));
    }

    private void refused(int tag, String why) {
        Exchange exchange = tags.get(tag);
        if (exchange == null) {
            if (tag <= MuxWire.CONTROL_TAG) {
                closing("error: " + why);
                Sockets.close(context().channel());
            }
            return;
        }
        if (dispatches == Dispatches.UNKNOWN && !exchange.given) {
            dispatches = Dispatches.REFUSED;
            write(exchange);
            return;
        }
        release(exchange);
        exchange.reply.fail(new Failure.Protocol("error from " + endpoint + ": " + why));
    }

    @Override
    void ended(String reason) {
        ended = true;
        boolean wasReady = phase == Phase.READY;
        phase = Phase.ENDED;
        pings.end();
        if (!wasReady) {
            ready.fail(new Failure.NotConnected(endpoint, "closed during the handshake: " + reason));
        }
        tags.clear(exchange -> exchange.reply.fail(new Failure.ChannelClosed(endpoint, reason, true)));
        gone.complete(null);
    }

    @Override
    public Status status() {
        if (ended) {
            return Status.CLOSED;
        }
        return draining || (leaseEnd != Long.MAX_VALUE && System.nanoTime() - leaseEnd >= 0)
                ? Status.BUSY
                : Status.OPEN;
    }

    /** Closes; calls under way fail. Whoever keeps sessions closes this one behind its last call. */
    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        onLoop(() -> {
            closing("by this side");
            Sockets.close(context().channel());
        });
        return gone;
    }
}
