package io.finback.nodeagent.oci;

import io.finback.nodeagent.image.ImageStore;
import io.finback.nodeagent.image.StoredImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Puts an image's layers together: as an overlay where the kernel mounts one, so that a container costs what it writes; else as a
 * copy. Thread-safe; blocks.
 */
final class RootFs {
    /** The kernel takes one page for the names of all layers. */
    private static final int MAX_OVERLAY_LAYERS = 120;

    private static final int NODES_AT_ONCE = 500;
    private static final long LIMIT_SECONDS = 600;

    /** Argument 0 is the program; the others are places for what hides a lower file. Nothing is spliced into it. */
    private static final String HIDE = """
            mknod=$1; shift
            for path do
              [ -c "$path" ] || "$mknod" -- "$path" c 0 0 || exit 1
            done
            """;

    private final OciRuntime tools;
    private final ImageStore store;
    private final boolean overlay;

    RootFs(OciRuntime tools, ImageStore store, boolean overlay) {
        this.tools = tools;
        this.store = store;
        this.overlay = overlay;
    }

    /** Whether an overlay can be mounted below {@code directory}; empty: it can, else why not. */
    static java.util.Optional<String> tryOverlay(OciRuntime tools, Path directory) {
        Path probe = directory.resolve("overlay-probe");
        try {
            for (String name : List.of("lower", "lower2", "upper", "work", "merged")) {
                Files.createDirectories(probe.resolve(name));
            }
            Path file = probe.resolve("lower/x");
            if (Files.notExists(file)) {
                Files.createFile(file);
            }
            var ran = io.finback.nodeagent.isolation.Programs.run(List.of(
                    tools.unshare().toString(),
                    "--mount",
                    "--propagation",
                    "private",
                    tools.shell().toString(),
                    "-c",
                    "cd \"$1\" && \"$2\" -t overlay overlay -o lowerdir=lower2:lower,upperdir=upper,workdir=work merged"
                            + " && test -e merged/x && : >merged/y",
                    "probe",
                    probe.toString(),
                    tools.mount().toString()));
            return ran.successful() ? java.util.Optional.empty() : java.util.Optional.of(ran.said());
        } catch (IOException e) {
            return java.util.Optional.of(e.toString());
        } finally {
            try {
                Trees.delete(probe);
            } catch (IOException e) {
                // The next start tries again.
            }
        }
    }

    /**
     * Prepares {@code bundle}: either its {@code upper} and {@code work} are there and the answer names the layers, relative to the
     * store's and from the top, as an overlay wants them; or its {@code rootfs} holds everything and the answer is empty.
     */
    String prepare(StoredImage image, Path bundle) throws IOException {
        Path rootfs = Files.createDirectories(bundle.resolve("rootfs"));
        List<String> layers = image.layers();
        if (!overlay || layers.isEmpty() || layers.size() > MAX_OVERLAY_LAYERS) {
            copy(image, rootfs);
            return "";
        }
        for (String layer : layers) {
            hide(layer);
        }
        Path upper = Files.createDirectories(bundle.resolve("upper"));
        // The root of the container is as the image's top layer has it: others than root must be able to enter.
        Files.setAttribute(upper, "unix:mode", 0755);
        Files.createDirectories(bundle.resolve("work"));
        List<String> fromTop = new ArrayList<>();
        layers.forEach(layer -> fromTop.add(layer + "/fs"));
        Collections.reverse(fromTop);
        return String.join(":", fromTop);
    }

    /** Makes what hides the files a layer takes away, once; only an overlay understands it. */
    private synchronized void hide(String layer) throws IOException {
        Path done = store.files(layer).resolveSibling("hidden");
        if (Files.exists(done)) {
            return;
        }
        List<String> paths = store.whiteouts(layer);
        for (int from = 0; from < paths.size(); from += NODES_AT_ONCE) {
            List<String> line = new ArrayList<>(List.of(
                    tools.shell().toString(), "-c", HIDE, "hide", tools.mknod().toString()));
            for (String path : paths.subList(from, Math.min(paths.size(), from + NODES_AT_ONCE))) {
                line.add(store.files(layer).resolve(path).toString());
            }
            run(line);
        }
        Files.createFile(done);
    }

    /** All layers, one over the other. */
    void copy(StoredImage image, Path into) throws IOException {
        Files.createDirectories(into);
        Files.setAttribute(into, "unix:mode", 0755);
        for (String layer : image.layers()) {
            Path files = store.files(layer);
            List<String> gone = store.whiteouts(layer);
            remove(gone, into);
            clear(files, into);
            run(List.of(tools.copy().toString(), "-a", "-T", "--", files.toString(), into.toString()));
            // What hides them from an overlay has been copied, too, if it was made.
            remove(gone, into);
        }
    }

    /** Nothing is deleted through a link: the path is that of a layer's own directories. */
    private static void remove(List<String> paths, Path into) throws IOException {
        for (String path : paths) {
            Path at = into;
            boolean real = true;
            Path relative = Path.of(path);
            for (int i = 0; real && i < relative.getNameCount() - 1; i++) {
                at = at.resolve(relative.getName(i));
                real = Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS);
            }
            if (real) {
                Trees.delete(into.resolve(path));
            }
        }
    }

    /** Takes out of the way what is of another kind, which a copy would not replace. */
    private static void clear(Path layer, Path into) throws IOException {
        Files.walkFileTree(layer, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Path there = into.resolve(layer.relativize(directory));
                if (Files.exists(there, LinkOption.NOFOLLOW_LINKS)
                        && !Files.isDirectory(there, LinkOption.NOFOLLOW_LINKS)) {
                    Files.delete(there);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Trees.delete(into.resolve(layer.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try (var output = process.getInputStream()) {
            String said = new String(output.readNBytes(4096), StandardCharsets.UTF_8).strip();
            long unused = output.transferTo(java.io.OutputStream.nullOutputStream());
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(Path.of(command.get(0)).getFileName() + ": " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        }
    }
}
