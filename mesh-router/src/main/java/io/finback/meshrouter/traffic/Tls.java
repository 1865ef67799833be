package io.finback.meshrouter.traffic;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSessionContext;

/** TLS on either side. PEM files; private keys as PKCS#8 without a password. Read once; thread-safe. */
public final class Tls {
    private Tls() {}

    /** A listener's: what it shows, and whether it asks for certificates. */
    public static final class Server {
        private final SslContext context;

        private Server(SslContext context) {
            this.context = context;
        }

        /**
         * Reads the files. Throws IllegalArgumentException naming what is wrong.
         *
         * @param h2 whether it speaks HTTP/2 and nothing else, by ALPN
         * @param intermediates certificates between {@code cert} and a root
         * @param trusted who may sign clients' certificates; the system's authorities when empty
         * @param protocols such as TLSv1.2; the platform's when empty
         */
        public static Server of(
                Path cert,
                Path key,
                Optional<Path> intermediates,
                Optional<Path> trusted,
                boolean requireClientAuth,
                List<String> protocols,
                boolean h2) {
            try {
                SslContextBuilder builder = SslContextBuilder.forServer(chain(cert, intermediates), file(key));
                if (trusted.isPresent()) {
                    builder = builder.trustManager(file(trusted.get()));
                }
                if (requireClientAuth) {
                    builder = builder.clientAuth(ClientAuth.REQUIRE);
                }
                return new Server(limited(builder, protocols, h2).build());
            } catch (SSLException | IllegalArgumentException e) {
                throw unusable(cert, key, e);
            }
        }

        public SslHandler handler(ByteBufAllocator allocator) {
            return context.newHandler(allocator);
        }

        public SslContext context() {
            return context;
        }
    }

    /** A client's: whom it believes, and how it shows itself. */
    public static final class Client {
        private final SslContext context;
        private final Optional<String> commonName;

        private Client(SslContext context, Optional<String> commonName) {
            this.context = context;
            this.commonName = commonName;
        }

        /**
         * Reads the files. Throws IllegalArgumentException naming what is wrong.
         *
         * @param h2 whether it speaks HTTP/2 and nothing else, by ALPN
         * @param commonName the name an instance's certificate must have, also its SNI; any name when empty
         * @param trusted files of certificates; the system's authorities when empty; everybody when {@code insecure}
         */
        public static Client of(
                Optional<String> commonName,
                boolean insecure,
                List<Path> trusted,
                Optional<Identity> identity,
                List<String> protocols,
                boolean h2) {
            try {
                SslContextBuilder builder = SslContextBuilder.forClient();
                if (insecure) {
                    builder = builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
                } else if (!trusted.isEmpty()) {
                    builder = builder.trustManager(joined(trusted));
                }
                if (identity.isPresent()) {
                    Identity me = identity.get();
                    builder = builder.keyManager(chain(me.cert(), me.intermediates()), file(me.key()));
                }
                return new Client(limited(builder, protocols, h2).build(), insecure ? Optional.empty() : commonName);
            } catch (SSLException | IllegalArgumentException e) {
                throw new IllegalArgumentException("cannot be used: " + e.getMessage(), e);
            }
        }

        /** The same, expecting another name. */
        public Client named(String name) {
            return new Client(context, commonName.map(before -> name));
        }

        public SslHandler handler(ByteBufAllocator allocator, String host, int port) {
            return context().newHandler(allocator, host, port);
        }

        /** One whose handlers expect the name. */
        public SslContext context() {
            return new Named(context, commonName);
        }
    }

    /** Makes engines that are connected to a host, and expect another name of it: the one it is configured with. */
    private static final class Named extends SslContext {
        private final SslContext context;
        private final Optional<String> name;

        Named(SslContext context, Optional<String> name) {
            this.context = context;
            this.name = name;
        }

        @Override
        public SSLEngine newEngine(ByteBufAllocator allocator) {
            return expecting(context.newEngine(allocator));
        }

        @Override
        public SSLEngine newEngine(ByteBufAllocator allocator, String host, int port) {
            return expecting(context.newEngine(allocator, name.orElse(host), port));
        }

        private SSLEngine expecting(SSLEngine engine) {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm(name.isPresent() ? "HTTPS" : "");
            engine.setSSLParameters(parameters);
            return engine;
        }

        @Override
        public boolean isClient() {
            return context.isClient();
        }

        @Override
        public List<String> cipherSuites() {
            return context.cipherSuites();
        }

        @Override
        @SuppressWarnings("deprecation") // what SslContext asks for
        public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
            return context.applicationProtocolNegotiator();
        }

        @Override
        public SSLSessionContext sessionContext() {
            return context.sessionContext();
        }
    }

    /** A client's own certificate. */
    public record Identity(Path cert, Path key, Optional<Path> intermediates) {}

    private static SslContextBuilder limited(SslContextBuilder builder, List<String> protocols, boolean h2) {
        SslContextBuilder all = h2 ? builder.applicationProtocolConfig(H2) : builder;
        return protocols.isEmpty() ? all : all.protocols(protocols.toArray(new String[0]));
    }

    private static final ApplicationProtocolConfig H2 = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2);

    private static IllegalArgumentException unusable(Path cert, Path key, Exception e) {
        return new IllegalArgumentException(
                "certificate " + cert + " and key " + key + " cannot be used: " + e.getMessage()
                        + " (expected: PEM files, the key as PKCS#8 without a password)",
                e);
    }

    private static InputStream file(Path path) {
        return joined(List.of(path));
    }

    private static InputStream chain(Path cert, Optional<Path> intermediates) {
        return joined(intermediates.map(more -> List.of(cert, more)).orElseGet(() -> List.of(cert)));
    }

    private static InputStream joined(List<Path> paths) {
        StringBuilder all = new StringBuilder();
        for (Path path : paths) {
            try {
                all.append(Files.readString(path)).append('\n');
            } catch (IOException | UncheckedIOException e) {
                throw new IllegalArgumentException("file " + path + " cannot be read (expected: a PEM file)", e);
            }
        }
        return new ByteArrayInputStream(all.toString().getBytes(StandardCharsets.ISO_8859_1));
    }
}
