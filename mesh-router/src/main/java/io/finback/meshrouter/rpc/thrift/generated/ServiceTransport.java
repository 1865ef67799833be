package io.finback.meshrouter.rpc.thrift.generated;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.transport.TEndpointTransport;
import org.apache.thrift.transport.TTransportException;

/**
 * What a client that Thrift's compiler generates writes to and reads from, when its calls go through a {@link Service}: a pool, a balancer,
 * retries. {@code new Echo.Client(new TBinaryProtocol(new ServiceTransport(service, limit)))}. One thread at a time, as generated clients are.
 */
public final class ServiceTransport extends TEndpointTransport {
    private final Service<byte[], byte[]> service;
    private final Duration limit;
    private final ByteArrayOutputStream request = new ByteArrayOutputStream();
    private byte[] answer = {};
    private int at;

    /** @param limit how long a caller waits for an answer */
    public ServiceTransport(Service<byte[], byte[]> service, Duration limit) throws TTransportException {
        super(new TConfiguration());
        this.service = service;
        this.limit = limit;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void open() {}

    @Override
    public void close() {}

    @Override
    public void write(byte[] bytes, int from, int length) {
        request.write(bytes, from, length);
    }

    /** Makes the call, and waits for its answer. */
    @Override
    public void flush() throws TTransportException {
        byte[] message = request.toByteArray();
        request.reset();
        Reply<byte[]> reply = service.call(message, Processors.current().orElse(Context.EMPTY));
        try {
            answer = reply.get(limit);
            at = 0;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new TTransportException(cause.toString(), cause);
        } catch (TimeoutException e) {
            reply.interrupt(e);
            throw new TTransportException(
                    TTransportException.TIMED_OUT, "no answer within " + limit.toMillis() + " ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            reply.interrupt(e);
            throw new TTransportException("interrupted", e);
        }
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws TTransportException {
        int count = Math.min(length, answer.length - at);
        if (count <= 0 && length > 0) {
            throw new TTransportException(TTransportException.END_OF_FILE, "the answer has no more bytes");
        }
        System.arraycopy(answer, at, bytes, from, count);
        at += count;
        return count;
    }
}
