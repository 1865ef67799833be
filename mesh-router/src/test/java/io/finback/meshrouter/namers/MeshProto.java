package io.finback.meshrouter.namers;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.TextFormat;
import java.util.Map;

/**
 * The messages of {@code io.linkerd.mesh}, written by hand after Linkerd's {@code .proto} files, for protobuf's own library: what is tested
 * here is read and written there. Texts are protobuf's text format.
 */
final class MeshProto {
    /** Message, then its fields: name, number, type; {@code *} repeated, {@code |} one of several. */
    private static final String[] MESSAGES = {
        "Path: *elems 1 bytes",
        "Nothing:",
        "BindReq: root 1 Path, name 2 Path, dtab 3 Dtab",
        "BoundTreeRsp: tree 1 BoundNameTree",
        "BoundNameTree: |neg 1 Nothing, |fail 2 Nothing, |empty 3 Nothing, |alt 4 BoundAlt, |union 5 BoundUnion, |leaf 6 BoundLeaf",
        "BoundAlt: *trees 1 BoundNameTree",
        "BoundUnion: *trees 1 BoundWeighted",
        "BoundWeighted: weight 1 double, tree 2 BoundNameTree",
        "BoundLeaf: id 1 Path, residual 2 Path",
        "PathNameTree: |nop 1 int32, |alt 2 PathAlt, |union 3 PathUnion, |leaf 4 PathLeaf",
        "PathAlt: *trees 1 PathNameTree",
        "PathUnion: *trees 1 PathWeighted",
        "PathWeighted: weight 1 double, tree 2 PathNameTree",
        "PathLeaf: id 1 Path",
        "Dtab: *dentries 1 Dentry",
        "Dentry: prefix 1 Prefix, dst 2 PathNameTree",
        "Prefix: *elems 1 Elem",
        "Elem: |label 1 bytes, |wildcard 2 Nothing",
        "Version: id 1 bytes",
        "VersionedDtab: version 1 Version, dtab 2 Dtab",
        "DtabReq: root 1 Path",
        "DtabRsp: dtab 1 VersionedDtab",
        "ReplicasReq: id 1 Path",
        "Replicas: |pending 1 Nothing, |neg 2 Nothing, |failed 3 Failed, |bound 4 BoundReplicas",
        "Failed: message 1 string",
        "BoundReplicas: *endpoints 1 Endpoint",
        "Endpoint: inet_af 1 int32, address 2 bytes, port 3 int32, meta 4 Meta, *metadata 5 Entry",
        "Meta: nodeName 1 string",
        "Entry: key 1 string, value 2 string",
        "DelegateTreeReq: root 1 Path, tree 2 PathNameTree, dtab 3 Dtab",
        "DelegateTreeRsp: tree 1 BoundDelegateTree",
        "BoundDelegateTree: path 1 Path, dentry 2 Dentry, |neg 3 Nothing, |fail 4 Nothing, |empty 5 Nothing, |alt 6 DelegateAlt,"
                + " |union 7 DelegateUnion, |leaf 8 BoundLeaf, |delegate 9 BoundDelegateTree, |transformation 10 Transformation,"
                + " |exception 11 string",
        "DelegateAlt: *trees 1 BoundDelegateTree",
        "DelegateUnion: *trees 1 DelegateWeighted",
        "DelegateWeighted: weight 1 double, tree 2 BoundDelegateTree",
        "Transformation: name 1 string, leaf 2 BoundLeaf, tree 3 BoundDelegateTree",
    };

    private static final Map<String, FieldDescriptorProto.Type> TYPES = Map.of(
            "bytes",
            FieldDescriptorProto.Type.TYPE_BYTES,
            "string",
            FieldDescriptorProto.Type.TYPE_STRING,
            "int32",
            FieldDescriptorProto.Type.TYPE_INT32,
            "double",
            FieldDescriptorProto.Type.TYPE_DOUBLE);

    private static final FileDescriptor FILE = file();

    private MeshProto() {}

    private static FileDescriptor file() {
        FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder()
                .setName("mesh.proto")
                .setPackage("mesh")
                .setSyntax("proto3");
        for (String text : MESSAGES) {
            file.addMessageType(message(text));
        }
        try {
            return FileDescriptor.buildFrom(file.build(), new FileDescriptor[0]);
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static DescriptorProto message(String text) {
        String[] parts = text.split(":", 2);
        DescriptorProto.Builder message =
                DescriptorProto.newBuilder().setName(parts[0]).setOptions(MessageOptions.getDefaultInstance());
        for (String field : parts[1].strip().split(", ?", -1)) {
            if (field.isEmpty()) {
                continue;
            }
            String[] words = field.split(" ", -1);
            boolean repeated = words[0].startsWith("*");
            boolean oneOf = words[0].startsWith("|");
            if (oneOf && message.getOneofDeclCount() == 0) {
                message.addOneofDeclBuilder().setName("node");
            }
            FieldDescriptorProto.Builder made = FieldDescriptorProto.newBuilder()
                    .setName(words[0].substring(repeated || oneOf ? 1 : 0))
                    .setNumber(Integer.parseInt(words[1]))
                    .setLabel(
                            repeated
                                    ? FieldDescriptorProto.Label.LABEL_REPEATED
                                    : FieldDescriptorProto.Label.LABEL_OPTIONAL);
            FieldDescriptorProto.Type type = TYPES.get(words[2]);
            if (type == null) {
                made.setType(FieldDescriptorProto.Type.TYPE_MESSAGE).setTypeName(".mesh." + words[2]);
            } else {
                made.setType(type);
            }
            if (oneOf) {
                made.setOneofIndex(0);
            }
            message.addField(made);
        }
        return message.build();
    }

    private static Descriptor type(String name) {
        return FILE.findMessageTypeByName(name);
    }

    /** The bytes of a message given as text. */
    static byte[] bytes(String type, String text) {
        DynamicMessage.Builder message = DynamicMessage.newBuilder(type(type));
        try {
            TextFormat.merge(text, message);
        } catch (TextFormat.ParseException e) {
            throw new IllegalArgumentException(text, e);
        }
        return message.build().toByteArray();
    }

    /** The text of a message, in one line; fails when it has a field that is not of its type. */
    static String text(String type, byte[] bytes) {
        try {
            DynamicMessage message = DynamicMessage.parseFrom(type(type), bytes);
            if (!message.getUnknownFields().asMap().isEmpty()) {
                throw new IllegalArgumentException("unknown fields: " + message);
            }
            return TextFormat.printer()
                    .printToString(message)
                    .replaceAll("\\s+", " ")
                    .strip();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** {@code /a/b} as the fields of a Path. */
    static String path(String path) {
        StringBuilder out = new StringBuilder();
        for (String element : path.split("/", -1)) {
            if (!element.isEmpty()) {
                out.append("elems: \"").append(element).append("\" ");
            }
        }
        return out.toString();
    }

    static String leaf(String id, String residual) {
        return "leaf { id { " + path(id) + "} residual { " + path(residual) + "} }";
    }

    /** {@code 10.0.0.1:80} as an Endpoint. */
    static String endpoint(String address) {
        String[] parts = address.split("[.:]", -1);
        StringBuilder ip = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            ip.append(String.format("\\x%02x", Integer.parseInt(parts[i])));
        }
        return "endpoints { address: \"" + ip + "\" port: " + parts[4] + " }";
    }
}
