package io.finback.verification.serialization;

import akka.persistence.typed.javadsl.EventSourcedBehavior;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.typesafe.config.Config;
import io.finback.wire.WireMessage;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds by the class files which types of Finback are written as bytes, and what is wrong with their shape. */
final class WireTypes {
    private final JavaClasses classes;
    private final List<Class<?>> bound;

    private WireTypes(JavaClasses classes, List<Class<?>> bound) {
        this.classes = classes;
        this.bound = bound;
    }

    /** All modules' main classes; {@code config} says which types are bound to Jackson. */
    static WireTypes shipped(Config config) {
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.finback");
        List<Class<?>> bound = config.getObject("akka.actor.serialization-bindings").entrySet().stream()
                .filter(binding -> "jackson-cbor".equals(binding.getValue().unwrapped()))
                .filter(binding -> binding.getKey().startsWith("io.finback."))
                .<Class<?>>map(binding -> load(binding.getKey()))
                .toList();
        return new WireTypes(classes, bound);
    }

    /** Every record and enum bound to the serializer, but private ones: those never leave the actor they are nested in. */
    List<Class<?>> messages() {
        return concrete(type -> isBound(type));
    }

    boolean isBound(Class<?> type) {
        return bound.stream().anyMatch(root -> root.isAssignableFrom(type));
    }

    /**
     * What enters a journal or snapshot store: events of every event-sourced entity, and its state, unless an adapter stands before it;
     * then what that makes, which by convention stands beside the entity and is called {@code …Snapshot}. Besides, every pure type bound by name: that is its only
     * reason to be.
     */
    List<Class<?>> persisted() {
        Set<Class<?>> roots = new LinkedHashSet<>(bound);
        roots.remove(WireMessage.class);
        for (JavaClass type : classes) {
            if (type.isAssignableTo(EventSourcedBehavior.class)) {
                eventAndState(type.reflect()).forEach(roots::add);
                if (hasSnapshotAdapter(type.reflect())) {
                    snapshotsBeside(type).forEach(roots::add);
                }
            }
        }
        return concrete(type -> roots.stream().anyMatch(root -> root.isAssignableFrom(type)));
    }

    private Stream<Class<?>> snapshotsBeside(JavaClass entity) {
        return classes.stream()
                .filter(type -> type.getPackageName().equals(entity.getPackageName()))
                .filter(type -> type.getSimpleName().endsWith("Snapshot"))
                .map(JavaClass::reflect);
    }

    /** The second and third type argument of {@code EventSourcedBehavior}, through whatever classes lie in between. */
    static List<Class<?>> eventAndState(Class<?> entity) {
        for (Class<?> type = entity; type != Object.class; type = type.getSuperclass()) {
            if (type.getGenericSuperclass() instanceof ParameterizedType parent
                    && parent.getRawType() instanceof Class<?> raw
                    && EventSourcedBehavior.class.isAssignableFrom(raw)
                    && parent.getActualTypeArguments().length == 3) {
                return Stream.of(parent.getActualTypeArguments())
                        .skip(1)
                        .limit(hasSnapshotAdapter(entity) ? 1 : 2)
                        .map(WireTypes::raw)
                        .flatMap(Optional::stream)
                        .toList();
            }
        }
        return List.of();
    }

    private static boolean hasSnapshotAdapter(Class<?> entity) {
        return Arrays.stream(entity.getDeclaredMethods())
                .anyMatch(method -> method.getName().equals("snapshotAdapter"));
    }

    private List<Class<?>> concrete(java.util.function.Predicate<Class<?>> wanted) {
        return classes.stream()
                .filter(type -> !type.isInterface() && !type.getName().contains("package-info"))
                .<Class<?>>map(JavaClass::reflect)
                .filter(type -> !Modifier.isAbstract(type.getModifiers()))
                .filter(type -> !isPrivate(type) && wanted.test(type))
                .sorted(Comparator.comparing(Class::getName))
                .collect(Collectors.toList());
    }

    private static boolean isPrivate(Class<?> type) {
        for (Class<?> outer = type; outer != null; outer = outer.getEnclosingClass()) {
            if (Modifier.isPrivate(outer.getModifiers()) || outer.isAnonymousClass()) {
                return true;
            }
        }
        return false;
    }

    /** What is wrong with the shape of {@code message} and of all it holds; empty when it may be written. */
    static Set<String> defects(Class<?> message) {
        Set<String> defects = new TreeSet<>();
        inspect(message, message.getSimpleName(), defects, new HashSet<>());
        return defects;
    }

    private static void inspect(Type type, String path, Set<String> defects, Set<Type> seen) {
        if (!seen.add(type)) {
            return;
        }
        if (type instanceof ParameterizedType generic) {
            inspectArguments(generic, path, defects, seen);
        } else if (type instanceof Class<?> plain && plain.isRecord()) {
            for (RecordComponent component : plain.getRecordComponents()) {
                inspect(component.getGenericType(), path + "." + component.getName(), defects, seen);
            }
        } else if (type instanceof Class<?> plain && plain.isSealed()) {
            defects.addAll(unnamedCases(plain, path));
            for (Class<?> permitted : plain.getPermittedSubclasses()) {
                inspect(permitted, path + "|" + permitted.getSimpleName(), defects, seen);
            }
        } else if (type == Object.class) {
            defects.add(path + ": Object (expected: a type that says what it holds)");
        }
    }

    private static void inspectArguments(ParameterizedType generic, String path, Set<String> defects, Set<Type> seen) {
        Type[] arguments = generic.getActualTypeArguments();
        Class<?> raw = raw(generic).orElse(Object.class);
        boolean named = arguments[0] instanceof Class<?> key && key.isEnum();
        if (Map.class.isAssignableFrom(raw) && arguments[0] != String.class && !named) {
            defects.add(path + ": a map with keys of " + arguments[0].getTypeName()
                    + " (expected: String or an enum; other keys come back wrong, silently)");
        }
        if (!akka.actor.typed.ActorRef.class.isAssignableFrom(raw)) {
            inspect(raw, path, defects, seen);
            Arrays.stream(arguments).forEach(argument -> inspect(argument, path, defects, seen));
        }
    }

    private static Set<String> unnamedCases(Class<?> sealed, String path) {
        Set<String> defects = new TreeSet<>();
        JsonTypeInfo info = sealed.getAnnotation(JsonTypeInfo.class);
        if (info == null || info.use() != JsonTypeInfo.Id.NAME) {
            defects.add(path + ": sealed " + sealed.getName() + " (expected: @JsonTypeInfo(use = NAME))");
        }
        JsonSubTypes named = sealed.getAnnotation(JsonSubTypes.class);
        Set<Class<?>> listed = named == null
                ? Set.of()
                : Arrays.stream(named.value()).map(JsonSubTypes.Type::value).collect(Collectors.toSet());
        leaves(sealed)
                .filter(leaf -> !listed.contains(leaf))
                .forEach(leaf -> defects.add(
                        path + ": case " + leaf.getName() + " is not in @JsonSubTypes of " + sealed.getName()));
        return defects;
    }

    private static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed()
                ? Arrays.stream(type.getPermittedSubclasses()).flatMap(WireTypes::leaves)
                : Stream.of(type);
    }

    private static Optional<Class<?>> raw(Type type) {
        if (type instanceof Class<?> plain) {
            return Optional.of(plain);
        }
        return type instanceof ParameterizedType generic ? raw(generic.getRawType()) : Optional.empty();
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("akka.actor.serialization-bindings: " + name + " does not exist", e);
        }
    }
}
