package io.finback.meshrouter.rpc.thrift.generated;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Service;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.apache.thrift.TException;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/** Serves the processors that Thrift's compiler generates. */
public final class Processors {
    private static final ThreadLocal<Context> CURRENT = new ThreadLocal<>();
    private static final int FIRST_ANSWER_BYTES = 512;

    private Processors() {}

    /**
     * A service that calls {@code processor}.
     *
     * @param protocols what clients speak, such as {@code new TBinaryProtocol.Factory()}
     * @param threads where generated code runs, and may block; its own refusals are the call's failure
     */
    public static Service<byte[], byte[]> service(TProcessor processor, TProtocolFactory protocols, Executor threads) {
        return (request, context) ->
                CompletableFuture.supplyAsync(() -> process(processor, protocols, request, context), threads);
    }

    /** What travels with the call that this thread serves, for the calls that it makes. */
    public static Optional<Context> current() {
        return Optional.ofNullable(CURRENT.get());
    }

    private static byte[] process(TProcessor processor, TProtocolFactory protocols, byte[] request, Context context) {
        CURRENT.set(context);
        try {
            TMemoryBuffer out = new TMemoryBuffer(FIRST_ANSWER_BYTES);
            processor.process(protocols.getProtocol(new TMemoryInputTransport(request)), protocols.getProtocol(out));
            return Arrays.copyOf(out.getArray(), out.length());
        } catch (TException e) {
            throw new CompletionException(e);
        } finally {
            CURRENT.remove();
        }
    }
}
