// What benchmarks look behind the servers with: an object asked for its probe, on a socket of its own, so that the Worker under
// test has no route for it.

interface Probed {
  getByName(name: string): { probe(): Promise<unknown> }
}

export default {
  async fetch(request: Request, env: Readonly<Record<string, Probed>>): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const objects = env[searchParams.get('of') ?? '']
    if (objects === undefined) return new Response(null, { status: 404 })
    return Response.json(await objects.getByName(searchParams.get('name') ?? '').probe())
  },
}
