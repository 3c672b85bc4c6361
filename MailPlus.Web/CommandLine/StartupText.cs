using System.Globalization;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Monitoring;

namespace MailPlus.Web.CommandLine;

/// <summary>What the server says when it has started.</summary>
internal static class StartupText
{
    private const int FallBack = 10_000;
    private const string Red = "\u001b[1;31m";
    private const string Plain = "\u001b[0m";

    internal static void Write(TextWriter to, EngineWiring engine)
    {
        var services = engine.Server.Services;
        to.WriteLine($"MailPlus {typeof(StartupText).Assembly.GetName().Version?.ToString(3)}, data in {engine.Run.DataFolder}");
        foreach (var service in services)
        {
            to.WriteLine(Describe(service));
        }

        if (services.Any(service => service is { Port: > FallBack, IsOverridden: false }))
        {
            to.WriteLine("Without root the well-known ports moved up by 10000.");
        }

        if (engine.Run.LoopbackLab)
        {
            to.WriteLine(Emphasised("LABORATORY: log-in without TLS and without throttles from loopback (--loopback-lab). Never run a real server like this."));
        }

        var port = services.FirstOrDefault(service => service is { Name: "web", Port: not null })?.Port;
        if (port is null)
        {
            return;
        }

        var address = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");
        to.WriteLine(engine.Setup.Token is { } token
            ? $"Set this server up at {address}/setup?token={token}"
            : $"Console: {address}/   Webmail: {address}/mail");
    }

    private static string Describe(ServiceState service) => service.Condition switch
    {
        ServiceCondition.Running when service.Port is null => $"  {service.Name,-11} on",
        ServiceCondition.Running => string.Create(CultureInfo.InvariantCulture, $"  {service.Name,-11} port {service.Port}"),
        ServiceCondition.Abnormal => $"  {service.Name,-11} " + Emphasised($"ABNORMAL: {service.Reason}"),
        _ => $"  {service.Name,-11} off",
    };

    private static string Emphasised(string text) => Console.IsOutputRedirected ? text : Red + text + Plain;
}
