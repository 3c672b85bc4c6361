using System.Net.Sockets;
using System.Text.Json;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.CommandLine;

/// <summary>Runs a verb: through the control socket when a server runs on the data folder, else on the folder itself, under its lock.</summary>
internal static class VerbClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    internal static async Task<VerbResponse> RunAsync(RunOptions run, VerbRequest request, CancellationToken cancellationToken)
    {
        var dataFolder = run.DataFolder;
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await TryRemoteAsync(dataFolder, request, cancellationToken) is { } response)
            {
                return response;
            }

            if (request.Arguments.Contains("--ready"))
            {
                return new VerbResponse(1, "", "No server runs on this data folder." + Environment.NewLine);
            }

            try
            {
                return await RunHereAsync(run, request, cancellationToken);
            }
            catch (RefusedException refused) when (refused.Refusal is { TextKey: "DataFolderInUse", Temporary: true } && TimeProvider.System.GetElapsedTime(begun) < Patience)
            {
                // A server that starts or stops, or another verb: it holds the lock but does not answer yet.
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    private static async Task<VerbResponse?> TryRemoteAsync(string dataFolder, VerbRequest request, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(ControlAddress.EndPoint(dataFolder), cancellationToken);
        }
        catch (SocketException)
        {
            return null; // nobody there
        }

        await using var stream = new NetworkStream(socket);
        await JsonSerializer.SerializeAsync(stream, request, cancellationToken: cancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        try
        {
            return await JsonSerializer.DeserializeAsync<VerbResponse>(stream, cancellationToken: cancellationToken);
        }
        catch (Exception failure) when (failure is JsonException or IOException)
        {
            return new VerbResponse(1, "", "The server failed to answer; its log says why." + Environment.NewLine);
        }
    }

    private static async Task<VerbResponse> RunHereAsync(RunOptions run, VerbRequest request, CancellationToken cancellationToken)
    {
        using var logs = LoggerFactory.Create(logging => logging.AddProvider(new LineLogProvider(LineLogTarget.Errors, null)).SetMinimumLevel(LogLevel.Error));
        await using var engine = await EngineWiring.OpenAsync(run, logs, TimeProvider.System, cancellationToken);
        return await request.RunAsync(engine, cancellationToken);
    }
}
