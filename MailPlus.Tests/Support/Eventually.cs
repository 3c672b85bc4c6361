using System.Diagnostics;

namespace MailPlus.Tests.Support;

/// <summary>Waits for something to become true by asking again and again, never by sleeping a fixed time.</summary>
public static class Eventually
{
    /// <summary>Asks until the answer is true; fails with what <paramref name="what"/> says after <paramref name="limit"/> (60 s).</summary>
    public static async Task TrueAsync(Func<Task<bool>> ask, Func<string> what, TimeSpan? limit = null)
    {
        var watch = Stopwatch.StartNew();
        var pause = 20;
        while (!await ask())
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromSeconds(60)))
            {
                throw new TimeoutException($"after {watch.Elapsed.TotalSeconds:F0} s still not: {what()}");
            }

            await Task.Delay(pause);
            pause = Math.Min(pause * 2, 500);
        }
    }
}
