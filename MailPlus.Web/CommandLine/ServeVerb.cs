using System.Text.Json;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Settings;
using Microsoft.AspNetCore.Hosting.Server;

namespace MailPlus.Web.CommandLine;

/// <summary>Runs the server until it is asked to stop.</summary>
internal static class ServeVerb
{
    private static readonly TimeSpan WebGrace = TimeSpan.FromSeconds(5);

    internal static async Task RunAsync(RunOptions run)
    {
        Directory.CreateDirectory(Path.Combine(run.DataFolder, "logs"));
        await using var lines = new LineLogProvider(LineLogTarget.Console, Path.Combine(run.DataFolder, "logs", "server.log"));
        using var logs = LoggerFactory.Create(logging => Configure(logging, lines));
        await using var engine = await EngineWiring.OpenAsync(run, logs, TimeProvider.System, CancellationToken.None);
        await using var app = Build(engine, lines);
        var web = app.Services.GetRequiredService<WebListeners>();
        engine.Server.Add(() => WebStates(web, run));

        await using var control = new ControlSocket(engine, logs.CreateLogger<ControlSocket>());
        await app.StartAsync();
        await engine.Host.StartAsync(CancellationToken.None);
        control.Start();
        WritePorts(engine);
        StartupText.Write(Console.Out, engine);

        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (app.Lifetime.ApplicationStopping.Register(stopping.SetResult))
        {
            await stopping.Task;
        }

        await engine.Host.StopAsync(CancellationToken.None);
        await app.StopAsync();
    }

    private static void Configure(ILoggingBuilder logging, LineLogProvider lines) => logging.ClearProviders().AddProvider(lines)
        .SetMinimumLevel(LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("System", LogLevel.Warning)
        .AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Error)
        // The web keys lie unencrypted in the data folder, which is open to its owner only: said once in the README, not as a warning at every first start.
        .AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error);

    private static WebApplication Build(EngineWiring engine, LineLogProvider lines)
    {
        var builder = WebWiring.CreateBuilder([]);
        Configure(builder.Logging, lines);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = WebGrace);
        builder.AddWeb(engine);
        if (engine.Run.Listeners is var fixedTo && fixedTo.ContainsKey("web") && fixedTo["web"] is null && fixedTo.ContainsKey("web-tls") && fixedTo["web-tls"] is null)
        {
            builder.Services.AddSingleton<IServer, NoWebServer>(); // Kestrel without an end point would take port 5000
        }

        var app = builder.Build();
        app.UseWeb();
        return app;
    }

    private static IEnumerable<ServiceState> WebStates(WebListeners web, RunOptions run)
    {
        var bound = web.BoundPorts;
        foreach (var name in new[] { "web", "web-tls" })
        {
            yield return new ServiceState(name, bound.ContainsKey(name) ? ServiceCondition.Running : web.Failures.ContainsKey(name) ? ServiceCondition.Abnormal : ServiceCondition.Stopped)
            {
                Port = bound.TryGetValue(name, out var port) ? port : null,
                Reason = web.Failures.GetValueOrDefault(name, ""),
                IsOverridden = run.Listeners.ContainsKey(name),
            };
        }
    }

    /// <summary>Written beside and renamed: whoever waits for the file never reads half of it.</summary>
    private static void WritePorts(EngineWiring engine)
    {
        if (engine.Run.PortsFile is not { } fileName)
        {
            return;
        }

        var ports = engine.Server.Services.Where(service => service.Port is not null).ToDictionary(service => service.Name, service => service.Port!.Value);
        File.WriteAllText(fileName + ".new", JsonSerializer.Serialize(ports));
        File.Move(fileName + ".new", fileName, overwrite: true);
    }
}
