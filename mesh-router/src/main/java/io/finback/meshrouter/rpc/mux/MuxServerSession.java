package io.finback.meshrouter.rpc.mux;

import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.server.Connections;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.collection.IntObjectHashMap;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of one Mux connection. Answers that are there at once are written in the same turn of the loop; a connection whose client
 * does not read its answers is not read either. Source: twitter/finagle {@code mux/pushsession/MuxServerSession.scala}.
 */
final class MuxServerSession extends MuxConnection implements Connections.Connection {
    private final Params params;
    private final Service<byte[], byte[]> service;
    private final int maxInFlight;
    private final StatsReceiver.Counter duplicates;
    private final StatsReceiver.Counter orphans;
    private final StatsReceiver.Counter nacks;
    private final StatsReceiver.Counter nonRetryableNacks;
    private final IntObjectHashMap<Running> byTag = new IntObjectHashMap<>();
    private final Reply<@Nullable Void> gone = new Reply<>();
    private boolean begun;
    private boolean initiated;
    private boolean draining;
    private boolean drainAnswered;

    MuxServerSession(Params params, Service<byte[], byte[]> service) {
        super(params);
        this.params = params;
        this.service = service;
        maxInFlight = params.get(MuxParams.MAX_IN_FLIGHT);
        StatsReceiver stats = params.get(Common.STATS);
        duplicates = stats.counter("mux/duplicate_tag");
        orphans = stats.counter("mux/orphaned_tdiscard");
        nacks = stats.counter("nacks");
        nonRetryableNacks = stats.counter("nonretryable_nacks");
    }

    /** A call whose answer is still to come. */
    private final class Running implements Reply.Callback<byte[]>, Runnable {
        private final int tag;
        private final boolean dispatch;
        private final Reply<byte[]> reply;

        Running(int tag, boolean dispatch, Reply<byte[]> reply) {
            this.tag = tag;
            this.dispatch = dispatch;
            this.reply = reply;
        }

        @Override
        public void done(byte[] value, @Nullable Throwable failure) {
            if (inLoop()) {
                run();
            } else {
                onLoop(this);
            }
        }

        @Override
        public void run() {
            if (byTag.get(tag) == this) {
                byTag.remove(tag);
                answer(tag, dispatch, reply);
                closeIfDrained();
            }
        }
    }

    @Override
    void opened() {}

    @Override
    void message(byte type, int tag, ByteBuf in, int end) {
        switch (type) {
            case MuxWire.T_DISPATCH -> {
                begun = true;
                Context context = MuxWire.dispatch(in, end);
                call(tag, true, context, MuxWire.bytes(in, end, end - in.readerIndex()));
            }
            case MuxWire.T_REQ -> {
                begun = true;
                Context context = MuxWire.request(in, end);
                call(tag, false, context, MuxWire.bytes(in, end, end - in.readerIndex()));
            }
            case MuxWire.T_PING -> {
                begun = true;
                output().writeSimple(MuxWire.R_PING, tag);
            }
            case MuxWire.T_DISCARDED, MuxWire.OLD_T_DISCARDED -> {
                MuxWire.need(in, end, 3);
                discard(in.readUnsignedMedium() & MuxWire.LAST_TAG);
            }
            case MuxWire.R_ERR, MuxWire.OLD_R_ERR -> {
                if (!begun && MuxWire.isProbe(in, end)) {
                    output().writeSimple(MuxWire.OLD_R_ERR, tag, MuxWire.PROBE);
                }
            }
            case MuxWire.T_INIT -> initiate(tag, in, end);
            case MuxWire.T_DRAIN -> {
                // A client that wants no more calls answered than it has made: it will close.
                output().writeSimple(MuxWire.R_DRAIN, tag);
            }
            case MuxWire.R_DRAIN -> {
                drainAnswered = true;
                closeIfDrained();
            }
            case MuxWire.R_PING, MuxWire.R_DISCARDED -> {}
            default -> output().writeError(tag, "Unexpected mux message type " + type);
        }
    }

    private void initiate(int tag, ByteBuf in, int end) {
        if (begun || initiated) {
            output().writeError(tag, "Tinit behind other messages");
            return;
        }
        initiated = true;
        Map<String, byte[]> headers = MuxHandshake.read(in, end);
        MuxHandshake.window(headers).ifPresent(output()::peerWindow);
        ByteBuf out = output().next();
        int at = output().begin(out, MuxWire.R_INIT, tag);
        MuxHandshake.write(out, params);
        output().finish(out, at);
        MuxHandshake.secured(headers, params)
                .onFailure(why -> broken(new Failure.Protocol(why)))
                .onTls(tls -> {
                    // Rinit itself is still plain.
                    channelReadComplete(context());
                    SslHandler handler = tls.newHandler(context().alloc());
                    context().pipeline().addFirst(handler);
                    handler.handshakeFuture().addListener(shaken -> {
                        if (shaken.isSuccess()) {
                            lease();
                        }
                    });
                })
                .onPlain(this::lease);
    }

    private void lease() {
        Optional<Duration> lease = params.get(MuxParams.LEASE);
        if (lease.isEmpty() || draining || !context().channel().isActive()) {
            return;
        }
        ByteBuf out = output().next();
        int at = output().begin(out, MuxWire.T_LEASE, 0);
        out.writeByte(0).writeLong(lease.get().toMillis());
        output().finish(out, at);
        var unused = context()
                .executor()
                .schedule(this::lease, Math.max(1, lease.get().toMillis() / 2), TimeUnit.MILLISECONDS);
    }

    private void call(int tag, boolean dispatch, Context context, byte[] body) {
        if (tag < MuxWire.FIRST_TAG && tag != MuxWire.CONTROL_TAG) {
            throw MuxWire.bad("call with tag " + tag);
        }
        if (byTag.containsKey(tag)) {
            duplicates.increment();
            output().writeError(tag, "duplicate tag " + tag);
            throw MuxWire.bad("tag " + tag + " is in use");
        }
        if (draining || byTag.size() >= maxInFlight || service.status() == Status.CLOSED) {
            nacks.increment();
            write(tag, dispatch, MuxWire.NACK, Failure.RETRYABLE | Failure.REJECTED, "");
            return;
        }
        Reply<byte[]> reply = service.call(body, context);
        if (reply.isDone()) {
            answer(tag, dispatch, reply);
            return;
        }
        Running running = new Running(tag, dispatch, reply);
        byTag.put(tag, running);
        reply.onDone(running);
    }

    private void answer(int tag, boolean dispatch, Reply<byte[]> reply) {
        Throwable failure = reply.failure();
        if (failure == null) {
            byte[] body = reply.value();
            ByteBuf out = output().next();
            int at = output().begin(out, dispatch ? MuxWire.R_DISPATCH : MuxWire.R_REQ, tag);
            out.writeByte(MuxWire.OK);
            if (dispatch) {
                out.writeShort(0);
            }
            out.writeBytes(body);
            output().finish(out, at);
            return;
        }
        long flags = Failure.flagsOf(failure);
        if ((flags & Failure.RETRYABLE) != 0) {
            nacks.increment();
            write(tag, dispatch, MuxWire.NACK, flags, "");
        } else {
            if ((flags & Failure.NON_RETRYABLE) != 0) {
                nonRetryableNacks.increment();
            }
            write(tag, dispatch, MuxWire.ERROR, flags, failure.toString());
        }
    }

    private void write(int tag, boolean dispatch, byte status, long flags, String text) {
        ByteBuf out = output().next();
        int at = output().begin(out, dispatch ? MuxWire.R_DISPATCH : MuxWire.R_REQ, tag);
        out.writeByte(status);
        if (dispatch) {
            MuxWire.writeFailureContext(out, flags);
        }
        out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        output().finish(out, at);
    }

    private void discard(int tag) {
        Running running = byTag.remove(tag);
        if (running == null && !fragments().forget(tag) && output().dropFragments(tag) == MuxOutput.Dropped.SENT) {
            // Its answer is on the way, and the tag may be another call's by the time this would arrive.
            orphans.increment();
            return;
        }
        output().writeSimple(MuxWire.R_DISCARDED, tag);
        if (running != null) {
            running.reply.interrupt(new Failure("the client discarded the call", Failure.INTERRUPTED));
        }
        closeIfDrained();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        super.channelWritabilityChanged(ctx);
        ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }

    /** Tells the client to go elsewhere; closed when it has, and everything is answered. */
    @Override
    public Reply<@Nullable Void> drain(Duration grace) {
        onLoop(() -> {
            if (draining || gone.isDone()) {
                return;
            }
            draining = true;
            output().writeSimple(MuxWire.T_DRAIN, MuxWire.CONTROL_TAG);
            var unused = context().executor().schedule(this::closeNow, grace.toMillis(), TimeUnit.MILLISECONDS);
        });
        return gone;
    }

    private void closeNow() {
        closing("by this side");
        output().closeFlushed();
    }

    private void closeIfDrained() {
        if (draining && drainAnswered && byTag.isEmpty() && !output().fragmentsWait()) {
            closeNow();
        }
    }

    @Override
    void ended(String reason) {
        Failure why = new Failure("the client is gone: " + reason, Failure.INTERRUPTED);
        for (Running running : new ArrayList<>(byTag.values())) {
            running.reply.interrupt(why);
        }
        byTag.clear();
        var unused = service.close(Duration.ZERO);
        gone.complete(null);
    }
}
