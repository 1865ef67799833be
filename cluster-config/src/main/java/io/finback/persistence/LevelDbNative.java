package io.finback.persistence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether LevelDB's JNI library can be used here. It was built for x86 Linux, macOS and Windows only (fusesource/leveldbjni#100, #102);
 * elsewhere, and where loading fails (musl, every writable directory mounted noexec), the pure-Java port serves. Both read each other's
 * files.
 */
final class LevelDbNative {
    private static final Logger log = LoggerFactory.getLogger(LevelDbNative.class);
    private static final String LIBRARY_PATH = "library.leveldbjni.path";

    private LevelDbNative() {}

    /**
     * Tries to load the library, once per JVM. It is unpacked into {@code directory} first: a temporary directory is often mounted noexec,
     * and every killed process would leave a copy there.
     */
    static boolean works(Path directory) {
        if (!builtFor(System.getProperty("os.name", ""), System.getProperty("os.arch", ""))) {
            return false;
        }
        try {
            if (System.getProperty(LIBRARY_PATH) == null) {
                System.setProperty(
                        LIBRARY_PATH, Files.createDirectories(directory).toString());
            }
            Class.forName("org.fusesource.leveldbjni.JniDBFactory");
            return true;
        } catch (IOException | ClassNotFoundException | LinkageError e) {
            log.warn("persistence.native_leveldb_unavailable reason='{}' next=pure_java", e.toString());
            return false;
        }
    }

    static boolean builtFor(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        boolean x64 = osArch.equals("amd64") || osArch.equals("x86_64");
        return x64 && (os.startsWith("linux") || os.startsWith("mac") || os.startsWith("windows"));
    }
}
