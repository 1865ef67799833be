package io.finback.meshrouter.rpc.thrift;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.server.TServer;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportFactory;
import org.apache.thrift.transport.layered.TFramedTransport;

/** Servers and clients of libthrift's own, of a {@link Calculator}. */
public final class LibThrift implements AutoCloseable {
    public static final TProtocolFactory BINARY = new TBinaryProtocol.Factory();
    public static final TProtocolFactory COMPACT = new TCompactProtocol.Factory();

    private static final int LONG_MILLIS = 20_000;

    public final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        return thread;
    });
    public final Calculator.Processor processor = new Calculator.Processor();
    private final List<Runnable> open = new ArrayList<>();

    /** A server of framed messages; its port. */
    public int serve(TProtocolFactory protocols) throws Exception {
        return serve(protocols, new TFramedTransport.Factory());
    }

    /** A server whose messages lie one behind the other without frames; its port. */
    public int serveUnframed(TProtocolFactory protocols) throws Exception {
        return serve(protocols, new TTransportFactory());
    }

    private int serve(TProtocolFactory protocols, TTransportFactory transports) throws Exception {
        ServerSocket socket = new ServerSocket(0);
        TServer server = new TThreadPoolServer(new TThreadPoolServer.Args(new TServerSocket(socket))
                .executorService(threads)
                .processor(processor)
                .transportFactory(transports)
                .protocolFactory(protocols));
        threads.execute(server::serve);
        open.add(server::stop);
        return socket.getLocalPort();
    }

    public Calculator.Client client(int port, TProtocolFactory protocols) throws TException {
        return new Calculator.Client(protocols.getProtocol(connect(new TFramedTransport(socket(port)))));
    }

    public Calculator.Client unframedClient(int port, TProtocolFactory protocols) throws TException {
        return new Calculator.Client(protocols.getProtocol(connect(socket(port))));
    }

    public static TSocket socket(int port) throws TException {
        return new TSocket("127.0.0.1", port, LONG_MILLIS);
    }

    /** Opens it, to be closed with this. */
    @CanIgnoreReturnValue
    public <T extends TTransport> T connect(T transport) throws TException {
        transport.open();
        open.add(transport::close);
        return transport;
    }

    @Override
    public void close() {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).run();
        }
        threads.shutdownNow();
    }
}
