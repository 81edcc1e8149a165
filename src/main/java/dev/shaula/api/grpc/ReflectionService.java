package dev.shaula.api.grpc;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.rpc.Code;
import dev.shaula.api.grpc.v1.ShaulaProto;
import dev.shaula.model.VectorDbException;
import io.grpc.health.v1.HealthProto;
import io.grpc.reflection.v1.ErrorResponse;
import io.grpc.reflection.v1.FileDescriptorResponse;
import io.grpc.reflection.v1.ListServiceResponse;
import io.grpc.reflection.v1.ServerReflectionProto;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code grpc.reflection}, so that tools can call the server without its proto files. The messages of {@code v1alpha}
 * are, field for field, those of {@code v1}: one implementation serves both.
 */
@Singleton
final class ReflectionService {
    private static final List<String> NAMES =
            List.of("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection");
    private static final List<FileDescriptor> FILES =
            List.of(ShaulaProto.getDescriptor(), HealthProto.getDescriptor(), ServerReflectionProto.getDescriptor());

    private final Map<String, FileDescriptor> byName = new HashMap<>();
    private final Map<String, FileDescriptor> bySymbol = new HashMap<>();
    private final Set<String> services = new TreeSet<>();

    ReflectionService() {
        FILES.forEach(this::add);
        services.addAll(NAMES);
    }

    private void add(FileDescriptor file) {
        if (byName.put(file.getName(), file) != null) {
            return;
        }
        file.getServices().forEach(service -> {
            bySymbol.put(service.getFullName(), file);
            service.getMethods().forEach(method -> bySymbol.put(method.getFullName(), file));
            if (FILES.contains(file)) {
                services.add(service.getFullName());
            }
        });
        file.getMessageTypes().forEach(type -> addType(type, file));
        file.getEnumTypes().forEach(type -> bySymbol.put(type.getFullName(), file));
        file.getDependencies().forEach(this::add);
    }

    private void addType(Descriptor type, FileDescriptor file) {
        bySymbol.put(type.getFullName(), file);
        type.getNestedTypes().forEach(nested -> addType(nested, file));
        type.getEnumTypes().forEach(nested -> bySymbol.put(nested.getFullName(), file));
    }

    List<Method<?, ?>> methods() {
        return NAMES.stream().<Method<?, ?>>map(ReflectionService.this::method).toList();
    }

    private Method<ServerReflectionRequest, ServerReflectionResponse> method(String service) {
        return new Method<>(
                "/" + service + "/ServerReflectionInfo",
                ServerReflectionRequest.parser(),
                call -> new Conversation(call).start());
    }

    private ServerReflectionResponse answer(ServerReflectionRequest request) {
        ServerReflectionResponse.Builder out = ServerReflectionResponse.newBuilder()
                .setValidHost(request.getHost())
                .setOriginalRequest(request);
        return switch (request.getMessageRequestCase()) {
            case LIST_SERVICES -> out.setListServicesResponse(listed()).build();
            case FILE_BY_FILENAME -> file(out, byName.get(request.getFileByFilename()));
            case FILE_CONTAINING_SYMBOL -> file(out, bySymbol.get(request.getFileContainingSymbol()));
            case FILE_CONTAINING_EXTENSION, ALL_EXTENSION_NUMBERS_OF_TYPE -> file(out, null);
            case MESSAGEREQUEST_NOT_SET -> throw VectorDbException.invalid("message_request: expected one, got none");
        };
    }

    private ListServiceResponse listed() {
        ListServiceResponse.Builder list = ListServiceResponse.newBuilder();
        services.forEach(name -> list.addService(ServiceResponse.newBuilder().setName(name)));
        return list.build();
    }

    private static ServerReflectionResponse file(ServerReflectionResponse.Builder out, @Nullable FileDescriptor file) {
        if (file == null) {
            ErrorResponse error = ErrorResponse.newBuilder()
                    .setErrorCode(Code.NOT_FOUND_VALUE)
                    .setErrorMessage("no such file, symbol or extension")
                    .build();
            return out.setErrorResponse(error).build();
        }
        Set<FileDescriptor> needed = new LinkedHashSet<>();
        collect(file, needed);
        FileDescriptorResponse.Builder files = FileDescriptorResponse.newBuilder();
        needed.forEach(f -> files.addFileDescriptorProto(f.toProto().toByteString()));
        return out.setFileDescriptorResponse(files).build();
    }

    private static void collect(FileDescriptor file, Set<FileDescriptor> needed) {
        if (needed.add(file)) {
            file.getDependencies().forEach(dependency -> collect(dependency, needed));
        }
    }

    /** Question and answer in turn. */
    private final class Conversation implements MessageReader.Listener<ServerReflectionRequest> {
        private final Call<ServerReflectionRequest, ServerReflectionResponse> call;

        Conversation(Call<ServerReflectionRequest, ServerReflectionResponse> call) {
            this.call = call;
        }

        void start() {
            call.read(this);
            call.pull();
        }

        @Override
        public void message(ServerReflectionRequest request) {
            call.guard(() -> call.write(answer(request)));
            if (call.isFull()) {
                call.onRoom(call::pull);
            } else {
                call.pull();
            }
        }

        @Override
        public void ended() {
            call.end();
        }

        @Override
        public void failed(VectorDbException why) {
            call.fail(why);
        }
    }
}
