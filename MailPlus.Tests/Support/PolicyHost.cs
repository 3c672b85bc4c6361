using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailPlus.Tests.Support;

/// <summary>A policy host of MTA-STS on a free loopback port.</summary>
public sealed class PolicyHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private PolicyHost(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.ServerCertificateChain = [issuer];
        })));
        _app = builder.Build();
        _app.Run(async context =>
        {
            Interlocked.Increment(ref _requests);
            LastHost = context.Request.Host.Value ?? "";
            LastPath = context.Request.Path;
            await Answer(context);
        });
    }

    /// <summary>What it does with a request; by default the <see cref="Policy"/>.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public int Requests => Volatile.Read(ref _requests);

    public string LastHost { get; private set; } = "";

    public string LastPath { get; private set; } = "";

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <summary>The document it serves as RFC 8461 wants.</summary>
    public string Policy
    {
        set => Answer = context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync(value);
        };
    }

    public static async Task<PolicyHost> StartAsync(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        var host = new PolicyHost(certificate, issuer);
        await host._app.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
