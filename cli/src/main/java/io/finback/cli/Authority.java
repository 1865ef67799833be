package io.finback.cli;

import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * An authority in a folder, made by the JDK's keytool: {@code authority.p12} holds its key, {@code authorities.pem} its certificate. RSA, because Akka's
 * rotating engine reads no other keys. One process at a time.
 */
final class Authority {
    /** Of the stores: their files' permissions protect them, this does not. */
    private static final String PASSWORD = "finback";

    private static final int AUTHORITY_DAYS = 3650;
    private static final int LIMIT_SECONDS = 60;
    /** What every node has in common: nodes let in who shares a name with them. */
    private static final String COMMON = "finback";

    private final Path dir;

    private Authority(Path dir) {
        this.dir = dir;
    }

    record Issued(Path certificate, Path key, Path authorities) {}

    static Authority in(Path dir) throws IOException, InterruptedException {
        Path folder = dir.toAbsolutePath().normalize();
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-x---"));
        }
        Authority authority = new Authority(folder);
        if (!Files.exists(authority.store())) {
            authority.make();
        }
        return authority;
    }

    private Path store() {
        return dir.resolve("authority.p12");
    }

    private Path certificate() {
        return dir.resolve("authorities.pem");
    }

    private void make() throws IOException, InterruptedException {
        Path fresh = dir.resolve("authority.p12.new");
        Files.deleteIfExists(fresh);
        keytool(
                "-genkeypair -alias authority -keyalg RSA -keysize 3072 -sigalg SHA256withRSA -validity " + AUTHORITY_DAYS
                        + " -ext bc:c=ca:true,pathlen:0 -ext ku:c=keyCertSign,cRLSign",
                fresh,
                "-dname",
                "CN=Finback authority");
        secret(fresh);
        keytool("-exportcert -rfc -alias authority", fresh, "-file", certificate().toString());
        Files.move(fresh, store(), StandardCopyOption.ATOMIC_MOVE);
    }

    /** A new key and certificate; those of before, if any, are replaced in one step each. */
    Issued issue(String name, Collection<String> hosts, int days) throws IOException, InterruptedException {
        Path work = Files.createTempDirectory(dir, ".issue-");
        try {
            Path own = work.resolve("node.p12");
            keytool("-genkeypair -alias node -keyalg RSA -keysize 2048 -sigalg SHA256withRSA", own, "-dname", "CN=" + COMMON);
            secret(own);
            Path asked = work.resolve("asked");
            keytool("-certreq -alias node", own, "-file", asked.toString());
            Path signed = work.resolve("signed.pem");
            keytool(
                    "-gencert -rfc -alias authority -validity " + days
                            + " -ext eku=serverAuth,clientAuth -ext ku:c=digitalSignature,keyEncipherment",
                    store(),
                    "-ext",
                    "san=" + names(hosts),
                    "-infile",
                    asked.toString(),
                    "-outfile",
                    signed.toString());
            Path key = work.resolve("key.pem");
            Files.createFile(key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(key, pem(own), StandardCharsets.US_ASCII);
            Issued issued = new Issued(dir.resolve(name + ".pem"), dir.resolve(name + "-key.pem"), certificate());
            Files.move(key, issued.key(), StandardCopyOption.ATOMIC_MOVE);
            Files.move(signed, issued.certificate(), StandardCopyOption.ATOMIC_MOVE);
            return issued;
        } finally {
            try (var files = Files.list(work)) {
                for (Path each : files.toList()) {
                    Files.deleteIfExists(each);
                }
            }
            Files.deleteIfExists(work);
        }
    }

    private static String names(Collection<String> hosts) {
        List<String> all = new ArrayList<>(List.of("dns:" + COMMON));
        for (String host : hosts) {
            if (!host.matches("[A-Za-z0-9.:*_-]{1,253}")) {
                throw new StartFailure("--host: '" + host + "' (expected: a host name or an address)");
            }
            boolean address = host.contains(":") || host.matches("[0-9.]+");
            // keytool knows no underscores, which some machines have in their names.
            if (address || !host.contains("_")) {
                all.add((address ? "ip:" : "dns:") + host);
            }
        }
        return all.stream().distinct().collect(Collectors.joining(","));
    }

    private static String pem(Path store) throws IOException {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            Key key = keys.getKey("node", PASSWORD.toCharArray());
            Base64.Encoder lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
            return "-----BEGIN PRIVATE KEY-----\n" + lines.encodeToString(key.getEncoded()) + "\n-----END PRIVATE KEY-----\n";
        } catch (GeneralSecurityException e) {
            throw new IOException("the key that was just made cannot be read", e);
        }
    }

    private static void secret(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static void keytool(String options, Path store, String... more) throws IOException, InterruptedException {
        Path program = Path.of(System.getProperty("java.home"), "bin", "keytool");
        if (!Files.isExecutable(program)) {
            throw new StartFailure(program + " is not there (expected: a JDK, or a Java runtime with keytool)");
        }
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(Arrays.asList(options.split(" ", -1)));
        command.addAll(List.of("-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD));
        command.addAll(Arrays.asList(more));
        Path said = Files.createTempFile("finback-keytool", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new StartFailure("keytool did not end within " + LIMIT_SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                throw new StartFailure("keytool " + options.split(" ", -1)[0] + " ended with " + process.exitValue() + ": "
                        + Files.readString(said).strip());
            }
        } finally {
            Files.deleteIfExists(said);
        }
    }
}
