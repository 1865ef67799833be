package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Layers.Setting;
import io.finback.meshrouter.resilience.GrpcClassifier;
import io.finback.meshrouter.resilience.ResponseClassifier;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A service's {@code responseClassifier}. */
final class ClassifierReader {
    private static final String HTTP = "io.l5d.http.";
    private static final String H2 = "io.l5d.h2.";

    private ClassifierReader() {}

    static Setting<ServiceDraft> read(Block block, Protocol protocol) {
        List<String> known = kinds(protocol);
        String kind = block.required("kind", "one of " + known);
        if (!known.contains(kind)) {
            throw block.wrong("kind", "'" + kind + "' (expected: one of " + known + ")");
        }
        if (GrpcClassifier.kinds().contains(kind)) {
            boolean named = kind.endsWith("retryableStatusCodes");
            Set<Integer> codes = named ? codes(block, "retryableStatusCodes", Set.of()) : Set.of();
            GrpcClassifier grpc =
                    GrpcClassifier.of(kind, codes, codes(block, "successStatusCodes", Set.of(GrpcClassifier.OK)));
            block.end();
            return (draft, captures) -> draft.grpc = Optional.of(grpc);
        }
        ResponseClassifier classifier =
                ResponseClassifier.ofKind(kind.replace(H2, HTTP)).orElseThrow();
        block.end();
        return (draft, captures) -> {
            draft.classifier = classifier;
            draft.grpc = Optional.empty();
        };
    }

    private static List<String> kinds(Protocol protocol) {
        return protocol == Protocol.HTTP
                ? ResponseClassifier.kinds()
                : Stream.concat(
                                ResponseClassifier.kinds().stream().map(kind -> kind.replace(HTTP, H2)),
                                GrpcClassifier.kinds().stream())
                        .toList();
    }

    private static Set<Integer> codes(Block block, String key, Set<Integer> usual) {
        if (!block.has(key)) {
            return usual;
        }
        return block.texts(key).stream()
                .map(text -> {
                    if (!text.matches("\\d{1,2}") || Integer.parseInt(text) > 16) {
                        throw block.wrong(key, "'" + text + "' (expected: gRPC statuses, 0..16)");
                    }
                    return Integer.parseInt(text);
                })
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
