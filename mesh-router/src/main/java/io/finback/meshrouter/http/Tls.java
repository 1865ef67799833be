package io.finback.meshrouter.http;

import io.netty.buffer.ByteBufAllocator;
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
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

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
                List<String> protocols) {
            try {
                SslContextBuilder builder = SslContextBuilder.forServer(chain(cert, intermediates), file(key));
                if (trusted.isPresent()) {
                    builder = builder.trustManager(file(trusted.get()));
                }
                if (requireClientAuth) {
                    builder = builder.clientAuth(ClientAuth.REQUIRE);
                }
                return new Server(limited(builder, protocols).build());
            } catch (SSLException | IllegalArgumentException e) {
                throw unusable(cert, key, e);
            }
        }

        SslHandler handler(ByteBufAllocator allocator) {
            return context.newHandler(allocator);
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
         * @param commonName the name an instance's certificate must have, also its SNI; any name when empty
         * @param trusted files of certificates; the system's authorities when empty; everybody when {@code insecure}
         */
        public static Client of(
                Optional<String> commonName,
                boolean insecure,
                List<Path> trusted,
                Optional<Identity> identity,
                List<String> protocols) {
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
                return new Client(limited(builder, protocols).build(), insecure ? Optional.empty() : commonName);
            } catch (SSLException | IllegalArgumentException e) {
                throw new IllegalArgumentException("cannot be used: " + e.getMessage(), e);
            }
        }

        /** The same, expecting another name. */
        public Client named(String name) {
            return new Client(context, commonName.map(before -> name));
        }

        SslHandler handler(ByteBufAllocator allocator, String host, int port) {
            SslHandler handler = commonName.isPresent()
                    ? context.newHandler(allocator, commonName.get(), port)
                    : context.newHandler(allocator, host, port);
            if (commonName.isPresent()) {
                SSLParameters parameters = handler.engine().getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                handler.engine().setSSLParameters(parameters);
            } else {
                SSLParameters parameters = handler.engine().getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("");
                handler.engine().setSSLParameters(parameters);
            }
            return handler;
        }
    }

    /** A client's own certificate. */
    public record Identity(Path cert, Path key, Optional<Path> intermediates) {}

    private static SslContextBuilder limited(SslContextBuilder builder, List<String> protocols) {
        return protocols.isEmpty() ? builder : builder.protocols(protocols.toArray(new String[0]));
    }

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
