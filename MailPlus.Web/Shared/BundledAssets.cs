using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace MailPlus.Web.Shared;

/// <summary>
/// The bundles of wwwroot-assets/dist: copied beside the binary by the build, so they are served alike from a checkout,
/// a Release build and a published folder. Addresses carry a digest of the file and may be cached for ever.
/// </summary>
public sealed class BundledAssets
{
    private readonly ConcurrentDictionary<string, string> _addresses = new(StringComparer.Ordinal);

    /// <summary>Opens the folder "assets" beside the running binary.</summary>
    public BundledAssets()
        : this(Path.Combine(AppContext.BaseDirectory, "assets"))
    {
    }

    internal BundledAssets(string folder)
    {
        Files = new PhysicalFileProvider(folder);
    }

    internal IFileProvider Files { get; }

    /// <summary>The address a page writes for a bundle, such as "css/app.css"; it changes when the file's bytes change.</summary>
    public string this[string path] => _addresses.GetOrAdd(path, Address);

    internal static void SetCaching(HttpContext context)
    {
        // A versioned address never changes its bytes; fonts and images of a CSS file are asked for without a version.
        var versioned = context.Request.Query.ContainsKey("v");
        context.Response.Headers[HeaderNames.CacheControl] =
            versioned ? "public, max-age=31536000, immutable" : "public, max-age=3600";
    }

    private string Address(string path)
    {
        var file = Files.GetFileInfo(path);
        if (!file.Exists)
        {
            throw new FileNotFoundException($"The bundle {path} is not among the built assets.", path);
        }

        using var stream = file.CreateReadStream();
        var digest = Convert.ToHexStringLower(SHA256.HashData(stream))[..12];
        return $"/{path}?v={digest}";
    }
}
