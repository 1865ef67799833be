package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.InterpreterPlan;
import io.finback.meshrouter.namers.Credentials;
import io.finback.meshrouter.namers.DtabInterpreter;
import io.finback.meshrouter.namers.FsDtab;
import io.finback.meshrouter.namers.NamerdHttp;
import io.finback.meshrouter.namers.Transformed;
import io.finback.meshrouter.namers.Transformer;
import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Path;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** A router's {@code interpreter}. */
final class InterpreterReader {
    private static final String SUPPORTED = "default, io.l5d.fs, io.l5d.namerd.http";
    static final InterpreterPlan DEFAULT =
            new InterpreterPlan("default", (environment, sources) -> DtabInterpreter.of(sources));

    private InterpreterReader() {}

    static InterpreterPlan read(Optional<Block> found) {
        if (found.isEmpty()) {
            return DEFAULT;
        }
        Block block = found.get();
        String kind = Kinds.of(block, SUPPORTED);
        List<Transformer> transformers = TransformerReader.read(block);
        InterpreterPlan.Opening start =
                switch (kind) {
                    case "default" -> DEFAULT.start();
                    case "io.l5d.fs" -> fs(block);
                    case "io.l5d.namerd.http" -> namerd(block);
                    default -> throw Kinds.missing(block, kind, SUPPORTED);
                };
        block.end();
        return new InterpreterPlan(
                kind,
                (environment, sources) -> Transformed.interpreter(start.start(environment, sources), transformers));
    }

    private static InterpreterPlan.Opening fs(Block block) {
        String text = block.required("dtabFile", "a file with a dtab");
        java.nio.file.Path file = java.nio.file.Path.of(text);
        if (!Files.isRegularFile(file)) {
            throw block.wrong("dtabFile", "'" + text + "' (expected: an existing file)");
        }
        return (environment, sources) -> {
            FsDtab dtab =
                    block.checked("dtabFile", () -> FsDtab.start(file, environment.streams(), environment.changes()));
            return DtabInterpreter.of("io.l5d.fs", dtab, sources, dtab);
        };
    }

    private static InterpreterPlan.Opening namerd(Block block) {
        Path dst = block.checked("dst", () -> Path.parse(block.required("dst", "/$/inet/<host>/<port>")));
        Address address = BuiltinNamers.address(dst)
                .orElseThrow(() -> block.wrong("dst", "'" + dst + "' (expected: /$/inet/<host>/<port>)"));
        String namespace = block.text("namespace").orElse("default");
        block.refuse("tls", "namerd is asked in clear text");
        Credentials credentials =
                block.block("credentials").map(InterpreterReader::credentials).orElse(Credentials.NONE);
        return (environment, sources) -> NamerdHttp.start(
                address.host(), address.port(), namespace, credentials, environment.streams(), environment.changes());
    }

    /** Ours: {@code principal} and {@code secretFile}, or {@code tokenFile}. */
    private static Credentials credentials(Block block) {
        Optional<String> principal = block.text("principal");
        String key = principal.isPresent() ? "secretFile" : "tokenFile";
        String text = block.required(key, "a file with the secret of `principal`, or `tokenFile` without one");
        java.nio.file.Path file = java.nio.file.Path.of(text);
        if (!Files.isReadable(file)) {
            throw block.wrong(key, "'" + text + "' (expected: a file that can be read)");
        }
        if (principal.filter(who -> who.contains(":")).isPresent()) {
            throw block.wrong("principal", "'" + principal.get() + "' (expected: a name without a colon)");
        }
        block.end();
        return principal.map(who -> Credentials.of(who, file)).orElseGet(() -> Credentials.token(file));
    }
}
