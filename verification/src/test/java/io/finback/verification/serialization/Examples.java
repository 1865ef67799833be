package io.finback.verification.serialization;

import akka.actor.typed.ActorRef;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.Image;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.PortMapping;
import io.finback.tasks.Probe;
import io.finback.tasks.Rlimit;
import io.finback.tasks.Volume;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;

/**
 * Makes values of any message type from its shape, always the same ones: a record once per example of its richest component, a sealed
 * type once per case, an {@link Optional} and a collection full and empty. Texts are tried in several forms until the type's own checks
 * accept one. Fails with the path to it on a type nobody has told it about.
 */
final class Examples {
    /** Tried in this order for a record that refuses the text before; what a type wants beyond these belongs in {@link #SPECIAL}. */
    private static final List<String> TEXTS = List.of("text", "/shop/api", "127.0.0.1", "1");

    private static final ContainerInfo DOCKER = new ContainerInfo(
            ContainerInfo.Type.DOCKER,
            List.of(new Volume(
                    "/data", true, Volume.Source.DOCKER_VOLUME, "v", Optional.of("local"), Map.of("o", "v"))),
            Optional.of("host"),
            Optional.of(new DockerOptions(
                    "busybox",
                    DockerOptions.Network.BRIDGE,
                    List.of(new PortMapping(31_000, 80, "tcp")),
                    true,
                    List.of(new DockerOptions.Parameter("label", "a=b")),
                    true,
                    Optional.of("{}"))),
            Optional.of(new Image("busybox:1", Optional.of("{}"), false)),
            List.of(new NetworkInfo(
                    Optional.of("web"), List.of("10.0.0.1"), List.of(new PortMapping(1, 2, "udp")), Map.of("k", "v"))),
            Optional.of(new LinuxOptions(
                    Optional.of(Set.of("KILL")),
                    Optional.of(Set.of()),
                    true,
                    Optional.of(false),
                    Optional.of(64),
                    true)),
            List.of(new Rlimit("NOFILE", Optional.of(1L), Optional.of(2L))),
            Optional.of(new ContainerInfo.Tty(24, 80)));

    private static final Map<Class<?>, List<Object>> SPECIAL = Map.ofEntries(
            Map.entry(boolean.class, List.of(true, false)),
            Map.entry(Boolean.class, List.of(true, false)),
            Map.entry(int.class, List.of(7)),
            Map.entry(Integer.class, List.of(7)),
            Map.entry(long.class, List.of(9_007_199_254_740_993L)),
            Map.entry(Long.class, List.of(9_007_199_254_740_993L)),
            Map.entry(double.class, List.of(0.75)),
            Map.entry(Double.class, List.of(0.75)),
            Map.entry(BigDecimal.class, List.of(new BigDecimal("0.125"))),
            Map.entry(Duration.class, List.of(Duration.ofMillis(1_500))),
            Map.entry(Instant.class, List.of(Instant.ofEpochSecond(1_700_000_000L, 123_456_789))),
            Map.entry(UUID.class, List.of(new UUID(1, 2))),
            Map.entry(
                    Probe.class,
                    List.of(
                            Probe.of(CommandInfo.shell("true", Map.of())),
                            Probe.of(new Probe.Http("https", 8080, "/health", true, List.of(200, 204))),
                            Probe.of(new Probe.Tcp(8080, false)))),
            Map.entry(ContainerInfo.class, List.of(ContainerInfo.PLAIN, DOCKER)),
            Map.entry(OptionalInt.class, List.of(OptionalInt.of(3), OptionalInt.empty())),
            Map.entry(OptionalLong.class, List.of(OptionalLong.of(3), OptionalLong.empty())));

    private final ActorRef<?> actor;
    private final Deque<Class<?>> open = new ArrayDeque<>();

    Examples(ActorRef<?> actor) {
        this.actor = actor;
    }

    List<Object> of(Class<?> type) {
        return of(type, Map.of(), TEXTS.get(0), type.getSimpleName());
    }

    private List<Object> of(Type type, Map<String, Type> variables, String text, String path) {
        if (type instanceof Class<?> plain) {
            return ofClass(plain, List.of(), variables, text, path);
        }
        if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
            return ofClass(raw, List.of(generic.getActualTypeArguments()), variables, text, path);
        }
        if (type instanceof WildcardType wildcard) {
            return of(wildcard.getUpperBounds()[0], variables, text, path);
        }
        if (type instanceof TypeVariable<?> variable && variables.containsKey(variable.getName())) {
            return of(variables.get(variable.getName()), variables, text, path);
        }
        throw unknown(type, path);
    }

    private List<Object> ofClass(
            Class<?> type, List<Type> arguments, Map<String, Type> variables, String text, String path) {
        List<Object> special = SPECIAL.get(type);
        if (special != null) {
            return special;
        }
        if (type == String.class) {
            return List.of(text);
        }
        if (ActorRef.class.isAssignableFrom(type)) {
            return List.of(actor);
        }
        if (type.isEnum()) {
            return Arrays.asList(type.getEnumConstants());
        }
        if (type == Optional.class) {
            return with(Optional.empty(), element(arguments, 0, variables, text, path), Optional::of);
        }
        if (type == List.class || type == Collection.class) {
            return with(List.of(), List.of(element(arguments, 0, variables, text, path)), list -> list);
        }
        if (type == Set.class) {
            return with(Set.of(), List.of(element(arguments, 0, variables, text, path)), Set::copyOf);
        }
        if (type == SortedSet.class) {
            return with(new TreeSet<>(), List.of(element(arguments, 0, variables, text, path)), TreeSet::new);
        }
        if (type == Map.class || type == SortedMap.class) {
            List<Object> values = element(arguments, 1, variables, text, path);
            return arguments.get(0) instanceof Class<?> key && key.isEnum()
                    ? maps(values, List.of(key.getEnumConstants()))
                    : maps(type, values, text);
        }
        if (type.isSealed() || type.isRecord()) {
            return ofOurs(type, arguments, text, path);
        }
        throw unknown(type, path);
    }

    private List<Object> element(
            List<Type> arguments, int index, Map<String, Type> variables, String text, String path) {
        return of(arguments.get(index), variables, text, path);
    }

    private List<Object> ofOurs(Class<?> type, List<Type> arguments, String text, String path) {
        if (open.contains(type)) {
            return List.of(); // a type within itself: the Optional or collection in between stays empty
        }
        open.push(type);
        try {
            if (type.isRecord()) {
                return records(type, arguments, path);
            }
            List<Object> cases = new ArrayList<>();
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                cases.addAll(ofClass(permitted, List.of(), Map.of(), text, path + "|" + permitted.getSimpleName()));
            }
            return cases;
        } finally {
            open.pop();
        }
    }

    /** The first text that the record and all within it accept. */
    private List<Object> records(Class<?> type, List<Type> arguments, String path) {
        RuntimeException refusal = unknown(type, path);
        for (String text : TEXTS) {
            try {
                return records(type, arguments, text, path);
            } catch (IllegalArgumentException e) {
                refusal = e;
            }
        }
        throw new IllegalStateException(
                path + ": " + type.getName() + " refuses every example; add one to Examples", refusal);
    }

    private List<Object> records(Class<?> type, List<Type> arguments, String text, String path) {
        RecordComponent[] components = type.getRecordComponents();
        Map<String, Type> variables = new TreeMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            variables.put(type.getTypeParameters()[i].getName(), arguments.get(i));
        }
        List<List<Object>> choices = new ArrayList<>();
        for (RecordComponent component : components) {
            choices.add(of(component.getGenericType(), variables, text, path + "." + component.getName()));
        }
        if (choices.stream().anyMatch(List::isEmpty)) {
            return List.of();
        }
        return constructAll(type, choices);
    }

    /** Those that the record accepts (an empty list may be one that it refuses); its refusal when it accepts none. */
    private static List<Object> constructAll(Class<?> type, List<List<Object>> choices) {
        int most = choices.stream().mapToInt(List::size).max().orElse(1);
        List<Object> accepted = new ArrayList<>();
        IllegalArgumentException refusal = new IllegalArgumentException(type.getName());
        for (int i = 0; i < most; i++) {
            int index = i;
            try {
                accepted.add(construct(
                        type,
                        choices.stream()
                                .map(some -> some.get(index % some.size()))
                                .toArray()));
            } catch (IllegalArgumentException e) {
                refusal = e;
            }
        }
        if (accepted.isEmpty()) {
            throw refusal;
        }
        return accepted;
    }

    private static Object construct(Class<?> type, Object[] values) {
        Class<?>[] parameters = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(parameters);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                throw refusal;
            }
            throw new IllegalStateException(type.getName(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type.getName(), e);
        }
    }

    /** With names of an enum as keys; more values than names are left out. */
    private static List<Object> maps(List<Object> values, List<?> names) {
        Map<Object, Object> full = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(values.size(), names.size()); i++) {
            full.put(names.get(i), values.get(i));
        }
        return List.of(Map.copyOf(full), Map.of());
    }

    private static List<Object> maps(Class<?> type, List<Object> values, String text) {
        SortedMap<String, Object> full = new TreeMap<>();
        for (int i = 0; i < values.size(); i++) {
            full.put(text + i, values.get(i));
        }
        return type == Map.class ? List.of(Map.copyOf(full), Map.of()) : List.of(full, new TreeMap<String, Object>());
    }

    /** One example for each element, and the empty one. */
    private static <T> List<Object> with(Object empty, List<T> elements, Function<T, Object> wrap) {
        List<Object> all = new ArrayList<>();
        elements.forEach(element -> all.add(wrap.apply(element)));
        all.add(empty);
        return all;
    }

    private static IllegalStateException unknown(Type type, String path) {
        return new IllegalStateException(
                path + ": no example of " + type.getTypeName()
                        + " (expected: a record, enum, sealed type, Optional, List, Set, Map, ActorRef or value type; or add it to Examples)");
    }
}
